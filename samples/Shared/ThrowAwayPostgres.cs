using PgListener;
using PgListener.Testing;

namespace Samples;

/// <summary>Lets a sample run without any installation or configuration. A real application does not need it.</summary>
internal static class ThrowAwayPostgres
{
    /// <summary>Starts a server and adds its connection string to the configuration, unless there is one already.</summary>
    public static async Task<EphemeralPostgres?> StartIfNeededAsync(IConfiguration configuration)
    {
        if (!string.IsNullOrWhiteSpace(configuration.GetConnectionString("Postgres")))
            return null;

        Console.WriteLine("ConnectionStrings:Postgres is not set: starting a throw-away PostgreSQL ...");
        EphemeralPostgres server;
        try
        {
            server = await EphemeralPostgres.LaunchAsync();
        }
        catch (EphemeralPostgresException e)
        {
            // The message lists the ways to get a PostgreSQL server; a stack trace would hide it.
            await Console.Error.WriteLineAsync(e.Message);
            Environment.Exit(1);
            throw;
        }

        configuration["ConnectionStrings:Postgres"] = server.ConnectionString;
        Console.WriteLine($"Started {server.Source}, {server.ConnectionString}");
        return server;
    }

    /// <summary>Starts the server again, with its data and port, whenever the listener has lost it.</summary>
    public static void StartAgainWhenLost(this EphemeralPostgres? server, IServiceProvider services)
    {
        if (server is null)
            return;

        var stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var listener = services.GetRequiredService<IPgListener>();
        listener.StateChanged += (_, change) =>
        {
            if (change.Status.State == ListenerState.Reconnecting)
                _ = StartAgainAsync(server, listener, stopping);
        };
    }

    private static async Task StartAgainAsync(EphemeralPostgres server, IPgListener listener, CancellationToken stopping)
    {
        while (listener.State == ListenerState.Reconnecting && !stopping.IsCancellationRequested)
        {
            try
            {
                var before = server.ProcessId;
                await server.StartAsync(stopping); // Does nothing if the server is running.
                if (server.ProcessId != before)
                    Console.WriteLine($"PostgreSQL had ended and was started again: {server.ConnectionString}");
            }
            catch (Exception e) when (e is EphemeralPostgresException or ObjectDisposedException or OperationCanceledException)
            {
                if (!stopping.IsCancellationRequested)
                    await Console.Error.WriteLineAsync(e.Message);
            }

            await Task.Delay(TimeSpan.FromSeconds(1), stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
