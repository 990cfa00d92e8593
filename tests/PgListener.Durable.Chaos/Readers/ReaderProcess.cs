using System.Diagnostics;
using System.Runtime.InteropServices;
using PgListener.TestServer;

namespace PgListener.Durable.Chaos.Readers;

/// <summary>A reader: this program once more, in another role.</summary>
internal sealed class ReaderProcess
{
    private const int Kill = 9;
    private const int Terminate = 15;
    private const int Continue = 18;
    private const int Stop = 19;

    private readonly Process _process;
    private readonly Queue<string> _printed = [];

    private ReaderProcess(string name, FaultProxy network, Process process)
    {
        Name = name;
        Network = network;
        _process = process;
    }

    /// <summary>Its name, which its sessions and effects have too.</summary>
    public string Name { get; }

    /// <summary>What is between it and the server.</summary>
    public FaultProxy Network { get; }

    /// <summary>What it has printed at last.</summary>
    public string Printed
    {
        get
        {
            lock (_printed)
                return string.Join(Environment.NewLine, _printed);
        }
    }

    /// <summary>Whether it has ended, of itself or because of a fault.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts one.</summary>
    public static ReaderProcess Start(string name, string connectionString)
    {
        var network = FaultProxy.Start(connectionString);
        var path = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";
        var info = new ProcessStartInfo(path, [typeof(ReaderProcess).Assembly.Location, "reader", name])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [ReaderProgram.Variable] = network.ConnectionString },
        };
        var reader = new ReaderProcess(name, network, Process.Start(info)!);
        reader._process.OutputDataReceived += (_, e) => reader.Note(e.Data);
        reader._process.ErrorDataReceived += (_, e) => reader.Note(e.Data);
        reader._process.BeginOutputReadLine();
        reader._process.BeginErrorReadLine();
        return reader;
    }

    /// <summary>Kills it.</summary>
    public Task KillAsync()
    {
        Signal(Kill);
        return _process.WaitForExitAsync();
    }

    /// <summary>Stops it in order.</summary>
    /// <exception cref="TimeoutException">It did not end in time; it is killed then.</exception>
    public async Task StopAsync()
    {
        Signal(Terminate);
        try
        {
            await _process.WaitForExitAsync().WaitAsync(Settings.StopLimit);
        }
        catch (TimeoutException e)
        {
            await KillAsync();
            throw new TimeoutException($"{Name} did not stop within {Settings.StopLimit.TotalSeconds} s. It has printed: {Printed}", e);
        }
    }

    /// <summary>Freezes it, with all its threads.</summary>
    public void Freeze() => Signal(Stop);

    /// <summary>Lets it go on.</summary>
    public void Thaw() => Signal(Continue);

    private void Note(string? line)
    {
        if (line is null)
            return;
        lock (_printed)
        {
            _printed.Enqueue(line);
            if (_printed.Count > 200)
                _printed.Dequeue();
        }
    }

    private void Signal(int signal)
    {
        if (!_process.HasExited)
            _ = SendSignal(_process.Id, signal);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);
}
