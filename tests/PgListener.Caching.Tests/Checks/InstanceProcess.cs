using System.Diagnostics;
using System.Globalization;
using Npgsql;
using PgListener.TestServer;

namespace PgListener.Caching.Tests.Checks;

/// <summary>An instance: this program once more, in another role.</summary>
internal sealed class InstanceProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Journal _journal;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;

    private InstanceProcess(string name, FaultProxy network, Process process, Journal journal)
    {
        (Name, Network, _process, _journal) = (name, network, process, journal);
        _reading = ReadAsync();
    }

    /// <summary>Its name, which its sessions have too.</summary>
    public string Name { get; }

    /// <summary>What is between its cache and the server.</summary>
    public FaultProxy Network { get; }

    /// <summary>When its cache hears what others remove.</summary>
    public Task WhenReady => _ready.Task;

    /// <summary>When it has written all.</summary>
    public Task WhenWritten => _written.Task;

    public static InstanceProcess Start(string connectionString, string kind, string name, string channel, int writes, TimeSpan pause, int seed, bool isShared, Journal journal)
    {
        var network = FaultProxy.Start(new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = name }.ConnectionString);
        string[] arguments = [InstanceProgram.Argument, kind, name, channel, .. ((int[])[writes, (int)pause.TotalMilliseconds, seed]).Select(number => number.ToString(CultureInfo.InvariantCulture)), .. isShared ? [InstanceProgram.SharedArgument] : Array.Empty<string>()];
        var info = new ProcessStartInfo(ChildProcess.Dotnet, [typeof(InstanceProcess).Assembly.Location, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { [InstanceProgram.Variable] = network.ConnectionString, [InstanceProgram.SourceVariable] = connectionString },
        };
        return new(name, network, Process.Start(info)!, journal);
    }

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Ends it, and takes what it has noted.</summary>
    public async Task StopAsync()
    {
        _process.StandardInput.Close();
        await _reading;
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        await Network.DisposeAsync();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            switch (line)
            {
                case InstanceProgram.Ready:
                    _ready.TrySetResult();
                    break;
                case InstanceProgram.Written:
                    _written.TrySetResult();
                    break;
                default:
                    _journal.AddLine(line);
                    break;
            }
        }

        var tooEarly = new InvalidOperationException($"{Name} has ended too early.");
        _ready.TrySetException(tooEarly);
        _written.TrySetException(tooEarly);
    }
}
