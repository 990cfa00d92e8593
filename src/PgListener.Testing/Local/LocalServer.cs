using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;

namespace PgListener.Testing;

/// <summary>A server that runs as child processes of this process.</summary>
internal sealed class LocalServer : IServer
{
    private static readonly TimeSpan EndPoll = TimeSpan.FromMilliseconds(5);

    private readonly ServerBinaries _binaries;
    private readonly Machine _machine;
    private readonly Instance _instance;
    private readonly IDictionary<string, string> _settings;
    private readonly string? _setsid;
    private readonly LogExcerpt _log = new();
    private readonly Lock _sync = new();
    private ServerData _data;
    private Process? _process;
    private Task _exited = Task.CompletedTask;
    private int? _lastProcessId;
    private bool _disposed;

    public LocalServer(ServerBinaries binaries, Machine machine, Instance instance, IDictionary<string, string> settings)
    {
        _binaries = binaries;
        _machine = machine;
        _settings = settings;
        // In a session of its own, a server is not stopped by the Ctrl-C that is meant for us and starts an orderly shutdown.
        _setsid = OperatingSystem.IsWindows() ? null : machine.FindProgram("setsid");
        _instance = instance;
        _data = new(binaries, instance, Testing.Password.Next());
    }

    public string Name => _instance.Name;

    public string Origin => $"binaries in {_binaries.Folder}{(PassedOver is null ? "" : $"; passed over: {PassedOver.ReplaceLineEndings(" ")}")}";

    public string Host => "127.0.0.1";

    public string Password => _data.Password;

    public string BinariesFolder => _binaries.Folder;

    public string DataFolder => _instance.DataFolder;

    /// <summary>Gets why a source that was tried before this one does not work.</summary>
    public string? PassedOver { get; init; }

    public int? ProcessId => _exited.IsCompleted ? null : _process?.Id;

    public async Task<IServer?> CreateStandbyAsync(string connectionString, int port, CancellationToken cancellationToken)
    {
        var instance = await Instance.CreateAsync(_machine.TempFolder, _instance.User, cancellationToken).ConfigureAwait(false);
        var primary = new Primary(connectionString, port, Password, _instance.DataFolder);
        return new LocalServer(_binaries, _machine, instance, _settings) { _data = new(_binaries, instance, Password) { Primary = primary } };
    }

    public async Task StartAsync(int port, CancellationToken cancellationToken)
    {
        await _data.EnsureAsync(cancellationToken).ConfigureAwait(false);
        _log.Clear();
        var start = _setsid is null
            ? Command.Describe(_binaries.Postgres, Arguments(port), _instance.User)
            : Command.Describe(_setsid, Arguments(port).Prepend(_binaries.Postgres), _instance.User);
        lock (_sync)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _process?.Dispose();
            _process = Command.Start(start);
            _lastProcessId = _process.Id;
            _process.OutputDataReceived += (_, line) => _log.Add(line.Data);
            _process.ErrorDataReceived += (_, line) => _log.Add(line.Data);
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
            // Ends when no process holds the log open any more: not before the last backend is gone, even after a crash.
            _exited = _process.WaitForExitAsync(CancellationToken.None);
        }
    }

    public Task<bool> IsRunningAsync(CancellationToken cancellationToken) => Task.FromResult(!_exited.IsCompleted);

    // A server that could not take the port ends. So until it has recorded that it listens, another server has answered.
    public bool HasItsPort() => PostmasterFile.Read(_instance.DataFolder) is { Listens: true } file && file.ProcessId == ProcessId;

    public Task<string?> WhyUnreachableAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            await Command.RunAsync(
                _binaries.PgCtl,
                ["stop", "-D", _instance.DataFolder, "-m", "fast", "-W"],
                Command.ShortLimit,
                cancellationToken).ConfigureAwait(false);
        }
        else if (ProcessId is { } processId)
        {
            Unix.ShutDownFast(processId);
        }

        await _exited.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task KillAsync(CancellationToken cancellationToken)
    {
        if (ProcessId is not { } parent)
            return;

        var children = OperatingSystem.IsWindows() ? [] : await FreezeAsync(parent).ConfigureAwait(false);
        _process!.Kill(entireProcessTree: true);
        await _exited.WaitAsync(cancellationToken).ConfigureAwait(false);

        // Each closes its files, the log among them, a moment before it is gone.
        while (!OperatingSystem.IsWindows() && !children.All(Unix.HasEnded))
            await Task.Delay(EndPoll, cancellationToken).ConfigureAwait(false);
    }

    public async Task SetPausedAsync(bool paused, int? processId, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("Windows has no way to pause a process.");

        var parent = ProcessId ?? throw new EphemeralPostgresException("The server has ended.");
        if (processId is { } one)
        {
            var isOurs = one == parent || (await ChildrenAsync(parent, cancellationToken).ConfigureAwait(false)).Contains(one);
            if (!isOurs || !Unix.SetPaused(one, paused))
                throw new EphemeralPostgresException($"Process {one} is not one of this server.");
            return;
        }

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

        // The data is not read again, so no orderly shutdown is needed.
        if (!_exited.IsCompleted)
        {
            using var limit = new CancellationTokenSource(Command.ShortLimit);
            ((Task)KillAsync(limit.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        }

        if (_lastProcessId is { } processId)
            PostmasterFile.Read(_instance.DataFolder)?.RemoveSharedMemory(processId);
        _process?.Dispose();
        _instance.Remove();
    }

    // Once the parent stands still it starts no more children.
    [UnsupportedOSPlatform("windows")]
    private static Task<int[]> FreezeAsync(int parent)
    {
        Unix.SetPaused(parent, paused: true);
        return ChildrenAsync(parent, CancellationToken.None);
    }

    private static async Task<int[]> ChildrenAsync(int parent, CancellationToken cancellationToken)
    {
        var parentText = parent.ToString(CultureInfo.InvariantCulture);
        try
        {
            var children = OperatingSystem.IsLinux()
                ? await File.ReadAllTextAsync($"/proc/{parentText}/task/{parentText}/children", cancellationToken).ConfigureAwait(false)
                : (await Command.RunAsync("pgrep", ["-P", parentText], Command.ShortLimit, cancellationToken).ConfigureAwait(false)).Output;
            return [.. children.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture))];
        }
        catch (Exception e) when (e is IOException or EphemeralPostgresException { ExitCode: 1 })
        {
            // The parent has just ended, or has no children.
            return [];
        }
    }

    private IEnumerable<string> Arguments(int port)
    {
        List<KeyValuePair<string, string>> place =
        [
            new("cluster_name", Name),
            new("listen_addresses", Host),
            new("port", port.ToString(CultureInfo.InvariantCulture)),
            new("unix_socket_directories", ""),
        ];
        // In its own data folder, where it goes with the folder even if the server is killed.
        if (!OperatingSystem.IsWindows())
            place.Add(new("dynamic_shared_memory_type", "mmap"));
        return ["-D", _instance.DataFolder, .. ServerSettings.ToArguments([.. place, .. _data.Settings], _settings)];
    }
}
