using Npgsql;

namespace PgListener.Testing;

/// <summary>A throw-away PostgreSQL server for tests, demos and benchmarks. Disposing of it removes every trace of it.</summary>
/// <remarks>
/// <para>
/// The server listens on 127.0.0.1 only and demands a random password, which <see cref="ConnectionString"/> holds. It has its own empty
/// data folder under the temp folder, which other users cannot read, and gives up durability for speed. If others may write to the temp folder, the folder needs the sticky
/// bit, as <c>/tmp</c> has. When the process ends without disposing of the server, the server is stopped too; when the process is killed, the next
/// <see cref="LaunchAsync(EphemeralPostgresOptions?, CancellationToken)"/> of the same user on the machine removes what is left.
/// </para>
/// <para>
/// All members may be used from several threads; operations run one after the other. Each has a time limit: starting
/// <see cref="EphemeralPostgresOptions.StartTimeout"/>, everything else 30 seconds.
/// </para>
/// </remarks>
public sealed class EphemeralPostgres : IAsyncDisposable, IDisposable
{
    private readonly ServerControl _control;

    internal EphemeralPostgres(ServerControl control)
    {
        _control = control;
        ExitGuard.Add(control.Server);
    }

    /// <summary>Gets the connection string of the database <c>postgres</c>, as its superuser <c>postgres</c>, with its password.</summary>
    public string ConnectionString => _control.ConnectionString;

    /// <summary>Gets the TCP port on 127.0.0.1. It stays the same when the server is restarted.</summary>
    public int Port => _control.Port;

    /// <summary>Gets the version of the server, such as 18.4.</summary>
    public Version Version => _control.Version;

    /// <summary>
    /// Gets the version and the source of the server, for a test run to print: <c>PostgreSQL 18.4 (binaries in …)</c>. It also says why an
    /// available Docker was not used.
    /// </summary>
    public string Source => _control.Source;

    /// <summary>
    /// Gets the process id of the server's main process, or <see langword="null"/> when it is not running or runs in a container.
    /// </summary>
    public int? ProcessId => _control.Server.ProcessId;

    internal ServerControl Control => _control;

    /// <summary>Starts a new, empty server and waits until it answers.</summary>
    /// <param name="options">Which server to start and how; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the start; nothing is left behind.</param>
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
        return await LaunchServerAsync(new ServerControl(server, options.StartTimeout), cancellationToken).ConfigureAwait(false);
    }

    internal static async Task<EphemeralPostgres> LaunchServerAsync(ServerControl control, CancellationToken cancellationToken)
    {
        var postgres = new EphemeralPostgres(control);
        try
        {
            await control.LaunchAsync(cancellationToken).ConfigureAwait(false);
            return postgres;
        }
        catch
        {
            await postgres.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Starts a second server that follows this one as a streaming standby: it can be read, and becomes a primary with <c>SELECT pg_promote()</c>.</summary>
    /// <param name="cancellationToken">Cancels the start; nothing is left behind.</param>
    /// <returns>The standby, with the data this server has now. It is a server of its own: dispose of it too.</returns>
    /// <exception cref="InvalidOperationException">This server is not running, or is paused.</exception>
    /// <exception cref="NotSupportedException">This server runs in a container, or is older than PostgreSQL 15.</exception>
    /// <exception cref="EphemeralPostgresException">It did not start. The message ends with its log.</exception>
    /// <exception cref="ObjectDisposedException">This server was disposed.</exception>
    public async Task<EphemeralPostgres> LaunchStandbyAsync(CancellationToken cancellationToken = default) =>
        await LaunchServerAsync(await _control.CreateStandbyAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>Starts a stopped or killed server with its former data and port, and waits until it answers. Does nothing if it is running.</summary>
    /// <remarks>After an incomplete <see cref="StopAsync"/>, the remaining processes are killed first.</remarks>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes when the server answers.</returns>
    /// <exception cref="EphemeralPostgresException">It did not start in time. The message ends with the server's log.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    public Task StartAsync(CancellationToken cancellationToken = default) => _control.StartAsync(cancellationToken);

    /// <summary>Shuts the server down ("fast"): open connections are closed, and the data is kept. Does nothing if it is stopped.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes when no process of the server is left.</returns>
    /// <exception cref="EphemeralPostgresException">It did not stop in time, for example because it is paused. The message ends with the server's log.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    public Task StopAsync(CancellationToken cancellationToken = default) => _control.StopAsync(cancellationToken);

    /// <summary>Shuts the server down and starts it again on the same port.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes when the server answers again.</returns>
    /// <exception cref="EphemeralPostgresException">It did not stop or start in time. The message ends with the server's log.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    public Task RestartAsync(CancellationToken cancellationToken = default) => _control.RestartAsync(cancellationToken);

    /// <summary>
    /// Kills all processes of the server at once, like a crash of the machine. Connections of clients break.
    /// The data survives and <see cref="StartAsync"/> recovers it, except what was committed in the last second:
    /// <c>synchronous_commit</c> is off unless you set it. Does nothing if the server is stopped.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes when no process of the server is left.</returns>
    /// <exception cref="EphemeralPostgresException">A process could not be killed.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    public Task KillAsync(CancellationToken cancellationToken = default) => _control.KillAsync(cancellationToken);

    /// <summary>Freezes the server: it keeps its connections and accepts new ones, but answers nothing, as if the network had gone silent. A second call has no further effect.</summary>
    /// <param name="backendProcessId">
    /// The server process of one connection, as <see cref="NpgsqlConnection.ProcessID"/> gives it, to freeze only that;
    /// <see langword="null"/> for the whole server.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes when the processes are frozen.</returns>
    /// <exception cref="PlatformNotSupportedException">The server runs on Windows outside a container.</exception>
    /// <exception cref="InvalidOperationException">The server is not running.</exception>
    /// <exception cref="EphemeralPostgresException">The process does not belong to this server, or the operation failed.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    public Task PauseAsync(int? backendProcessId = null, CancellationToken cancellationToken = default) =>
        _control.SetPausedAsync(true, backendProcessId, cancellationToken);

    /// <summary>Resumes what <see cref="PauseAsync"/> froze. Has no effect on what is not frozen.</summary>
    /// <param name="backendProcessId">The server process of one connection; <see langword="null"/> for the whole server.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes when the processes are resumed.</returns>
    /// <exception cref="PlatformNotSupportedException">The server runs on Windows outside a container.</exception>
    /// <exception cref="InvalidOperationException">The server is not running.</exception>
    /// <exception cref="EphemeralPostgresException">The process does not belong to this server, or the operation failed.</exception>
    /// <exception cref="ObjectDisposedException">The server was disposed.</exception>
    public Task ResumeAsync(int? backendProcessId = null, CancellationToken cancellationToken = default) =>
        _control.SetPausedAsync(false, backendProcessId, cancellationToken);

    /// <summary>Ends the server at once and deletes its data. Further calls have no effect.</summary>
    public void Dispose()
    {
        ExitGuard.Remove(_control.Server);
        _control.Dispose();
    }

    /// <inheritdoc cref="Dispose"/>
    /// <returns>A task that completes when nothing is left of the server.</returns>
    public ValueTask DisposeAsync() => new(Task.Run(Dispose));
}
