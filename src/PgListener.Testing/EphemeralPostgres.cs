using Npgsql;

namespace PgListener.Testing;

/// <summary>A real PostgreSQL server of your own, for tests, demos and benchmarks. Disposing it removes every trace of it.</summary>
/// <remarks>
/// <para>
/// The server listens on 127.0.0.1 only and trusts every connection. It has its own empty data folder under the temp folder and gives
/// up durability for speed. When the process ends without disposing it, it is stopped too; when the process is killed, the next
/// <see cref="LaunchAsync(EphemeralPostgresOptions?, CancellationToken)"/> of the same user on the machine clears what was left.
/// </para>
/// <para>
/// All members may be used from several threads; operations run one after the other. Each has a time limit: starting
/// <see cref="EphemeralPostgresOptions.StartTimeout"/>, everything else 30 seconds.
/// </para>
/// </remarks>
public sealed class EphemeralPostgres : IAsyncDisposable, IDisposable
{
    private const int PortAttempts = 5;
    private static readonly TimeSpan ReadyPoll = TimeSpan.FromMilliseconds(20);

    private readonly IServer _server;
    private readonly TimeSpan _startTimeout;
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private volatile bool _disposed;

    internal EphemeralPostgres(IServer server, TimeSpan startTimeout)
    {
        _server = server;
        _startTimeout = startTimeout;
        ExitGuard.Add(server);
    }

    /// <summary>Gets the connection string of the database <c>postgres</c>, as its superuser <c>postgres</c>, without a password.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = "postgres",
        Database = "postgres",
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,
    }.ConnectionString;

    /// <summary>Gets the TCP port on 127.0.0.1. It stays the same when the server is restarted.</summary>
    public int Port { get; internal set; }

    /// <summary>Gets the version of the server, such as 18.4.</summary>
    public Version Version { get; private set; } = new();

    /// <summary>Gets what runs and where it came from, for a test run to print: <c>PostgreSQL 18.4 (binaries in …)</c>.</summary>
    public string Source => $"PostgreSQL {Version} ({_server.Origin})";

    /// <summary>
    /// Gets the process id of the server's main process, or <see langword="null"/> when it is not running or runs in a container.
    /// </summary>
    public int? ProcessId => _server.ProcessId;

    internal IServer Server => _server;

    /// <summary>Starts a new, empty server and waits until it answers.</summary>
    /// <param name="options">Which server to start and how; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Gives up the start; nothing is left behind.</param>
    /// <returns>The running server.</returns>
    /// <exception cref="ArgumentException">An option has a value that cannot be used.</exception>
    /// <exception cref="EphemeralPostgresException">No server was found, or it did not start. The message says what to do, or ends with the server's log.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static Task<EphemeralPostgres> LaunchAsync(EphemeralPostgresOptions? options = null, CancellationToken cancellationToken = default) =>
        LaunchAsync(options ?? new(), Machine.Current, cancellationToken);

    internal static async Task<EphemeralPostgres> LaunchAsync(
        EphemeralPostgresOptions options,
        Machine machine,
        CancellationToken cancellationToken)
    {
        options.Validate(nameof(options));
        await Leftovers.ClearAsync(machine).ConfigureAwait(false);
        var server = await ServerFinder.FindAsync(options, machine, cancellationToken).ConfigureAwait(false);
        return await LaunchAsync(server, options.StartTimeout, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Starts a second server that follows this one as a streaming standby: it can be read, and becomes a primary with <c>SELECT pg_promote()</c>.</summary>
    /// <param name="cancellationToken">Gives up the start; nothing is left behind.</param>
    /// <returns>The standby, with the data this server has now. It is a server of its own: dispose of it too.</returns>
    /// <exception cref="NotSupportedException">This server runs in a container, or is older than PostgreSQL 15.</exception>
    /// <exception cref="EphemeralPostgresException">It did not start. The message ends with its log.</exception>
    /// <exception cref="ObjectDisposedException">This server was disposed.</exception>
    public async Task<EphemeralPostgres> LaunchStandbyAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_server is not LocalServer local || Version.Major < 15)
            throw new NotSupportedException($"A standby needs a server outside a container, of version 15 or later; this is {Source}.");

        return await LaunchAsync(local.CreateStandby(ConnectionString, Port), _startTimeout, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<EphemeralPostgres> LaunchAsync(IServer server, TimeSpan startTimeout, CancellationToken cancellationToken)
    {
        var postgres = new EphemeralPostgres(server, startTimeout);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                postgres.Port = FreePort.Next();
                try
                {
                    await postgres.StartAsync(cancellationToken).ConfigureAwait(false);
                    return postgres;
                }
                catch (EphemeralPostgresException e) when (e.PortTaken && attempt < PortAttempts)
                {
                    // Somebody took the port since we looked.
                }
            }
        }
        catch
        {
            await postgres.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Starts the stopped or killed server with the data and the port it had, and waits until it answers. Does nothing when it runs.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>A task that completes when the server answers.</returns>
    /// <exception cref="EphemeralPostgresException">It did not start in time. The message ends with the server's log.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    public Task StartAsync(CancellationToken cancellationToken = default) =>
        RunAsync("Starting", _startTimeout, StartCoreAsync, cancellationToken);

    /// <summary>Stops the server in an orderly way: open connections are told and closed, the data is kept. Does nothing when it is stopped.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>A task that completes when no process of the server is left.</returns>
    /// <exception cref="EphemeralPostgresException">It did not stop in time, for instance because it is paused. The message ends with the server's log.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    public Task StopAsync(CancellationToken cancellationToken = default) =>
        RunAsync("Stopping", Command.ShortLimit, StopCoreAsync, cancellationToken);

    /// <summary>Stops the server in an orderly way and starts it again on the same port.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>A task that completes when the server answers again.</returns>
    /// <exception cref="EphemeralPostgresException">It did not stop or start in time. The message ends with the server's log.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    public Task RestartAsync(CancellationToken cancellationToken = default) =>
        RunAsync(
            "Restarting",
            Command.ShortLimit + _startTimeout,
            async limit =>
            {
                await StopCoreAsync(limit).ConfigureAwait(false);
                await StartCoreAsync(limit).ConfigureAwait(false);
            },
            cancellationToken);

    /// <summary>
    /// Kills all processes of the server at once, as a crash of the machine would. Clients see their connections break off.
    /// The data survives and <see cref="StartAsync"/> recovers it, except what was committed in the last second:
    /// <c>synchronous_commit</c> is off unless you set it. Does nothing when the server is stopped.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>A task that completes when no process of the server is left.</returns>
    /// <exception cref="EphemeralPostgresException">A process could not be killed.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    public Task KillAsync(CancellationToken cancellationToken = default) =>
        RunAsync(
            "Killing",
            Command.ShortLimit,
            async limit =>
            {
                if (await _server.IsRunningAsync(limit).ConfigureAwait(false))
                    await _server.KillAsync(limit).ConfigureAwait(false);
            },
            cancellationToken);

    /// <summary>Freezes the server: it keeps its connections and accepts new ones, but answers nothing, as if the network had gone silent.</summary>
    /// <param name="backendProcessId">
    /// The server process of one connection, as <see cref="NpgsqlConnection.ProcessID"/> gives it, to freeze only that;
    /// <see langword="null"/> for the whole server.
    /// </param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>A task that completes when the processes were told to stand still.</returns>
    /// <exception cref="PlatformNotSupportedException">The server runs on Windows outside a container.</exception>
    /// <exception cref="InvalidOperationException">The server is not running.</exception>
    /// <exception cref="EphemeralPostgresException">It could not be done.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    public Task PauseAsync(int? backendProcessId = null, CancellationToken cancellationToken = default) =>
        SetPausedAsync(true, backendProcessId, cancellationToken);

    /// <summary>Lets go on what <see cref="PauseAsync"/> froze.</summary>
    /// <param name="backendProcessId">The server process of one connection; <see langword="null"/> for the whole server.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>A task that completes when the processes were told to go on.</returns>
    /// <exception cref="PlatformNotSupportedException">The server runs on Windows outside a container.</exception>
    /// <exception cref="InvalidOperationException">The server is not running.</exception>
    /// <exception cref="EphemeralPostgresException">It could not be done.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    public Task ResumeAsync(int? backendProcessId = null, CancellationToken cancellationToken = default) =>
        SetPausedAsync(false, backendProcessId, cancellationToken);

    /// <summary>Ends the server at once, whatever it is doing, and deletes its data. Calling it more than once is fine.</summary>
    public void Dispose()
    {
        _disposed = true;
        ExitGuard.Remove(_server);
        _server.Dispose();
    }

    /// <inheritdoc cref="Dispose"/>
    /// <returns>A task that completes when nothing is left of the server.</returns>
    public ValueTask DisposeAsync() => new(Task.Run(Dispose));

    private Task SetPausedAsync(bool paused, int? processId, CancellationToken cancellationToken) =>
        RunAsync(
            paused ? "Pausing" : "Resuming",
            Command.ShortLimit,
            async limit =>
            {
                if (!await _server.IsRunningAsync(limit).ConfigureAwait(false))
                    throw new InvalidOperationException("The server is not running.");
                await _server.SetPausedAsync(paused, processId, limit).ConfigureAwait(false);
            },
            cancellationToken);

    private async Task StopCoreAsync(CancellationToken limit)
    {
        if (await _server.IsRunningAsync(limit).ConfigureAwait(false))
            await _server.StopAsync(limit).ConfigureAwait(false);
    }

    private async Task StartCoreAsync(CancellationToken limit)
    {
        if (await _server.IsRunningAsync(limit).ConfigureAwait(false))
            return;

        await _server.StartAsync(Port, limit).ConfigureAwait(false);
        while (true)
        {
            if (await Readiness.AskVersionAsync(ConnectionString, _server.Name, limit).ConfigureAwait(false) is { } version)
            {
                Version = version;
                return;
            }

            if (!await _server.IsRunningAsync(limit).ConfigureAwait(false))
                throw new EphemeralPostgresException("The server ended while it was starting.");
            await Task.Delay(ReadyPoll, limit).ConfigureAwait(false);
        }
    }

    private async Task RunAsync(string what, TimeSpan timeLimit, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await _oneAtATime.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(timeLimit);
            await work(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw await FailureAsync($"{what} PostgreSQL took longer than {timeLimit.TotalSeconds} s.", e).ConfigureAwait(false);
        }
        catch (EphemeralPostgresException e)
        {
            throw await FailureAsync($"{what} PostgreSQL failed. {e.Message}", e).ConfigureAwait(false);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async Task<EphemeralPostgresException> FailureAsync(string message, Exception cause)
    {
        string log;
        try
        {
            log = await _server.ReadLogAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (EphemeralPostgresException e)
        {
            // The failure to report is the first one.
            log = e.Message;
        }

        var portTaken = cause is EphemeralPostgresException { PortTaken: true }
            || log.Contains("could not create any TCP/IP sockets", StringComparison.Ordinal);
        return new($"{message}\n{_server.Origin}; the end of its log:\n{log}", cause) { PortTaken = portTaken };
    }
}
