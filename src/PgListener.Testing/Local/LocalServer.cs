using System.Diagnostics;
using System.Globalization;

namespace PgListener.Testing;

/// <summary>A server that runs as child processes of ours.</summary>
internal sealed class LocalServer : IServer
{
    private readonly ServerBinaries _binaries;
    private readonly Machine _machine;
    private readonly Instance _instance;
    private readonly IDictionary<string, string> _settings;
    private readonly string? _user;
    private readonly string? _setsid;
    private readonly LogTail _log = new();
    private readonly Lock _sync = new();
    private (LocalServer Server, string ConnectionString)? _primary;
    private Process? _process;
    private Task _exited = Task.CompletedTask;
    private bool _disposed;

    public LocalServer(ServerBinaries binaries, Machine machine, string? user, IDictionary<string, string> settings)
    {
        _binaries = binaries;
        _machine = machine;
        _user = user;
        _settings = settings;
        // In a session of its own, a server is not stopped by the Ctrl-C that is meant for us and starts an orderly shutdown.
        _setsid = OperatingSystem.IsWindows() ? null : machine.FindProgram("setsid");
        _instance = Instance.Create(machine.TempFolder);
    }

    public string Name => _instance.Name;

    public string Origin => $"binaries in {_binaries.Folder}";

    public string BinariesFolder => _binaries.Folder;

    public string Folder => _instance.Folder;

    public int? ProcessId => _exited.IsCompleted ? null : _process?.Id;

    /// <summary>Makes a server that will copy this one's data at its first start, and follow it.</summary>
    /// <param name="connectionString">How to connect to this one.</param>
    /// <param name="port">The port of this one.</param>
    public LocalServer CreateStandby(string connectionString, int port)
    {
        var settings = new Dictionary<string, string>(_settings, StringComparer.Ordinal)
        {
            ["primary_conninfo"] = string.Create(CultureInfo.InvariantCulture, $"host=127.0.0.1 port={port} user=postgres sslmode=disable"),
        };
        return new(_binaries, _machine, _user, settings) { _primary = (this, connectionString) };
    }

    public async Task StartAsync(int port, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(_instance.DataFolder))
            await InitializeAsync(cancellationToken).ConfigureAwait(false);

        var start = _setsid is null
            ? Command.Describe(_binaries.Postgres, Arguments(port), _user, _instance.Folder)
            : Command.Describe(_setsid, Arguments(port).Prepend(_binaries.Postgres), _user, _instance.Folder);
        lock (_sync)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _process?.Dispose();
            _process = Command.Start(start);
            _process.OutputDataReceived += (_, line) => _log.Add(line.Data);
            _process.ErrorDataReceived += (_, line) => _log.Add(line.Data);
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
            // Ends when nobody holds the log open any more: not before the last backend is gone, even after a crash.
            _exited = _process.WaitForExitAsync(CancellationToken.None);
        }
    }

    public Task<bool> IsRunningAsync(CancellationToken cancellationToken) => Task.FromResult(!_exited.IsCompleted);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Command.RunAsync(
            _binaries.PgCtl,
            ["stop", "-D", _instance.DataFolder, "-m", "fast", "-W"],
            Command.ShortLimit,
            cancellationToken,
            _user,
            _instance.Folder).ConfigureAwait(false);
        await _exited.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _process?.Kill(entireProcessTree: true);
        await _exited.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task SetPausedAsync(bool paused, int? processId, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("Windows has no way to pause a process.");

        if (processId is { } one)
        {
            Unix.SetPaused(one, paused);
            return;
        }

        // The parent first: once it stands still it starts no more children.
        var parent = ProcessId!.Value;
        Unix.SetPaused(parent, paused);
        foreach (var child in await ChildrenAsync(parent, cancellationToken).ConfigureAwait(false))
            Unix.SetPaused(child, paused);
    }

    public Task<string> ReadLogAsync(CancellationToken cancellationToken) => Task.FromResult(_log.ToString());

    public void Dispose()
    {
        lock (_sync)
        {
            if (_disposed)
                return;
            _disposed = true;
        }

        // Nobody will read the data again, so it need not be stopped in order.
        if (!_exited.IsCompleted)
        {
            _process!.Kill(entireProcessTree: true);
            _ = _exited.Wait(Command.ShortLimit);
        }

        PostmasterFile.Read(_instance.DataFolder)?.RemoveSharedMemory();
        _process?.Dispose();
        _instance.Remove();
    }

    private static async Task<IEnumerable<int>> ChildrenAsync(int parent, CancellationToken cancellationToken)
    {
        var children = OperatingSystem.IsLinux()
            ? await File.ReadAllTextAsync($"/proc/{parent}/task/{parent}/children", cancellationToken).ConfigureAwait(false)
            : (await Command.RunAsync(
                "pgrep",
                ["-P", parent.ToString(CultureInfo.InvariantCulture)],
                Command.ShortLimit,
                cancellationToken).ConfigureAwait(false)).Output;
        return children.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture));
    }

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        if (_user is not null)
            await Command.RunAsync("chown", [_user, _instance.Folder], Command.ShortLimit, cancellationToken).ConfigureAwait(false);

        if (_primary is { } primary)
        {
            await BaseBackup.TakeAsync(primary.ConnectionString, primary.Server._instance.DataFolder, _instance.DataFolder, cancellationToken).ConfigureAwait(false);
            if (_user is not null)
                await Command.RunAsync("chown", ["-R", _user, _instance.DataFolder], Command.ShortLimit, cancellationToken).ConfigureAwait(false);
            return;
        }

        await Command.RunAsync(
            _binaries.InitDb,
            ["-D", _instance.DataFolder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            Timeout.InfiniteTimeSpan,
            cancellationToken,
            _user,
            _instance.Folder).ConfigureAwait(false);
    }

    private IEnumerable<string> Arguments(int port)
    {
        List<KeyValuePair<string, string>> place =
        [
            new("cluster_name", Name),
            new("listen_addresses", "127.0.0.1"),
            new("port", port.ToString(CultureInfo.InvariantCulture)),
            new("unix_socket_directories", ""),
        ];
        // In its own data folder, where it goes with the folder even if the server is killed.
        if (!OperatingSystem.IsWindows())
            place.Add(new("dynamic_shared_memory_type", "mmap"));
        return ["-D", _instance.DataFolder, .. ServerSettings.ToArguments(place, _settings)];
    }
}
