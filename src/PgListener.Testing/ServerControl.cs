using System.Diagnostics;
using Npgsql;

namespace PgListener.Testing;

/// <summary>
/// Runs the operations on a server one after the other, each with a time limit, in the same way for every kind of server. It decides
/// which call is valid when.
/// </summary>
internal sealed class ServerControl(IServer server, TimeSpan startTimeout) : IDisposable
{
    private const int PortAttempts = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Suspicious = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private volatile bool _disposed;
    private bool _answered;
    private bool _paused;
    private bool _stopping;

    public IServer Server => server;

    public int Port { get; set; }

    public Version Version { get; private set; } = new();

    public string Source => $"PostgreSQL {Version} ({server.Origin})";

    public string ConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = server.Host,
        Port = Port,
        Username = "postgres",
        Password = server.Password,
        Database = "postgres",
        SslMode = SslMode.Disable,
        SslNegotiation = SslNegotiation.Postgres,
        GssEncryptionMode = GssEncryptionMode.Disable,
    }.ConnectionString;

    /// <summary>Starts it for the first time, on a port of our choice.</summary>
    public async Task LaunchAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            Port = FreePort.Next();
            try
            {
                await StartAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (EphemeralPostgresException e) when (e.PortTaken && attempt < PortAttempts)
            {
                // Another program took the port since it was checked.
            }
        }
    }

    /// <summary>Starts a server that follows this one.</summary>
    public async Task<ServerControl> CreateStandbyAsync(CancellationToken cancellationToken)
    {
        IServer? standby = null;
        await RunAsync(
            "Copying",
            startTimeout,
            async limit =>
            {
                await RequireRunningAsync(limit).ConfigureAwait(false);
                if (_paused)
                    throw new InvalidOperationException("The server is paused, so it cannot be copied. Resume it first.");
                if (Version.Major >= 15)
                    standby = await server.CreateStandbyAsync(ConnectionString, Port, limit).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        return standby is null
            ? throw new NotSupportedException($"A standby needs a server outside a container, of version 15 or later; this is {Source}.")
            : new(standby, startTimeout);
    }

    public Task StartAsync(CancellationToken cancellationToken) => RunAsync("Starting", startTimeout, StartCoreAsync, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => RunAsync("Stopping", Command.ShortLimit, StopCoreAsync, cancellationToken);

    public Task RestartAsync(CancellationToken cancellationToken) =>
        RunAsync(
            "Restarting",
            Command.ShortLimit + startTimeout,
            async limit =>
            {
                using var stopLimit = CancellationTokenSource.CreateLinkedTokenSource(limit);
                stopLimit.CancelAfter(Command.ShortLimit);
                await StopCoreAsync(stopLimit.Token).ConfigureAwait(false);
                await StartCoreAsync(limit).ConfigureAwait(false);
            },
            cancellationToken);

    public Task KillAsync(CancellationToken cancellationToken) => RunAsync("Killing", Command.ShortLimit, KillCoreAsync, cancellationToken);

    public Task SetPausedAsync(bool paused, int? processId, CancellationToken cancellationToken) =>
        RunAsync(
            paused ? "Pausing" : "Resuming",
            Command.ShortLimit,
            async limit =>
            {
                await RequireRunningAsync(limit).ConfigureAwait(false);
                await server.SetPausedAsync(paused, processId, limit).ConfigureAwait(false);
                if (processId is null)
                    _paused = paused;
            },
            cancellationToken);

    public void Dispose()
    {
        _disposed = true;
        server.Dispose();
    }

    public void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, typeof(EphemeralPostgres));

    private async Task RequireRunningAsync(CancellationToken limit)
    {
        if (!await server.IsRunningAsync(limit).ConfigureAwait(false))
            throw new InvalidOperationException("The server is not running.");
    }

    private async Task StopCoreAsync(CancellationToken limit)
    {
        if (await server.IsRunningAsync(limit).ConfigureAwait(false))
        {
            // Wait until it has ended, because a server that was asked to stop may otherwise end during the next operation.
            _stopping = true;
            await server.StopAsync(limit).ConfigureAwait(false);
        }

        _stopping = _paused = false;
    }

    private async Task KillCoreAsync(CancellationToken limit)
    {
        if (await server.IsRunningAsync(limit).ConfigureAwait(false))
            await server.KillAsync(limit).ConfigureAwait(false);
        _stopping = _paused = false;
    }

    private async Task StartCoreAsync(CancellationToken limit)
    {
        if (_stopping)
            await KillCoreAsync(limit).ConfigureAwait(false);
        if (_answered && await server.IsRunningAsync(limit).ConfigureAwait(false))
            return;
        Version = await Patience.TryAsync(() => StartOnceAsync(limit), limit).ConfigureAwait(false);
        _answered = true;
    }

    private async Task<Version> StartOnceAsync(CancellationToken limit)
    {
        // It already runs if an earlier start was abandoned. Then only the wait is left.
        if (!await server.IsRunningAsync(limit).ConfigureAwait(false))
        {
            _paused = _answered = false;
            await server.StartAsync(Port, limit).ConfigureAwait(false);
        }

        var look = Stopwatch.StartNew();
        for (var pause = FirstPause; ; pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause)
        {
            var (version, refusal) = await Readiness.AskAsync(ConnectionString, server.Name, limit).ConfigureAwait(false);
            if (version is not null)
                return version;
            if (!await server.IsRunningAsync(limit).ConfigureAwait(false))
                throw new EphemeralPostgresException("The server ended while it was starting.") { Log = await server.ReadLogAsync(limit).ConfigureAwait(false) };
            if (refusal is not null && server.HasItsPort())
                throw new EphemeralPostgresException($"It refuses the connection that checks whether it is ready: {refusal}");

            if (look.Elapsed > Suspicious)
            {
                if (await server.WhyUnreachableAsync(limit).ConfigureAwait(false) is { } why)
                    throw new EphemeralPostgresException(why);
                look.Restart();
            }

            await Task.Delay(pause, limit).ConfigureAwait(false);
        }
    }

    private async Task RunAsync(string what, TimeSpan timeLimit, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
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
            log = await server.ReadLogAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (EphemeralPostgresException e)
        {
            // The failure to report is the first one.
            log = e.Message;
        }

        var portTaken = cause is EphemeralPostgresException { PortTaken: true }
            || log.Contains("could not create any TCP/IP sockets", StringComparison.Ordinal);
        return new($"{message}\n{server.Origin}; its log:\n{log}", cause) { PortTaken = portTaken };
    }
}
