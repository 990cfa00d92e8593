using System.Runtime.InteropServices;

namespace PgListener.Testing;

/// <summary>Stops the servers that still run when the process ends.</summary>
internal static class ExitGuard
{
    private static readonly HashSet<IServer> Servers = [];
    private static readonly PosixSignalRegistration[] Registrations = Register();

    public static void Add(IServer server)
    {
        lock (Servers)
            Servers.Add(server);
        GC.KeepAlive(Registrations);
    }

    public static void Remove(IServer server)
    {
        lock (Servers)
            Servers.Remove(server);
    }

    private static PosixSignalRegistration[] Register()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => DisposeAll();

        // An unhandled signal ends the process without ProcessExit. A host that handles it, and registered later, was asked
        // before us (the last is first): then it has cancelled the signal, shuts down in order, and still wants its server.
        PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];
        return Array.ConvertAll(signals, signal => PosixSignalRegistration.Create(signal, context =>
        {
            if (!context.Cancel)
                DisposeAll();
        }));
    }

    private static void DisposeAll()
    {
        IServer[] servers;
        lock (Servers)
            servers = [.. Servers];
        foreach (var server in servers)
        {
            try
            {
                server.Dispose();
            }
            catch (Exception)
            {
                // The others must be stopped too. What is left of this one is cleared by the next start.
            }
        }
    }
}
