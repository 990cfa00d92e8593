using System.Data;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Telemetry;

namespace PgListener.Connections;

/// <summary>
/// The connection beside the one that listens. It wakes the first one, proves delivery, and asks whether the first one's session is alive. During a
/// session one is kept for some seconds for waking; a proof and a check use a new one each time.
/// </summary>
internal sealed class SecondConnection(ConnectionSource connections, OwnSettings settings, TimeSpan limit, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>It is rarely needed, so it is not kept open for long.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    private const int Tries = 3;

    private readonly SemaphoreSlim _turn = new(1);
    private NpgsqlConnection? _kept;
    private ITimer? _idle;

    /// <summary>Counts the beginnings and the ends of sessions, so it is odd during one.</summary>
    private long _sessions;

    /// <summary>Whether it comes from the caller's pool, and may have to wait for other users of the pool.</summary>
    public bool IsPooled => connections.IsPooled;

    /// <summary>Sends a notification.</summary>
    public static async Task NotifyAsync(NpgsqlConnection connection, string channel, string payload, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("SELECT pg_catalog.pg_notify($1, $2)", connection) { CommandTimeout = 0 };
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = channel });
            command.Parameters.Add(new() { Value = payload });
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Uses the kept connection, or a new one. Work that fails on the kept one is repeated on a new one.</summary>
    /// <exception cref="TimeoutException">The work took longer than the limit. It continues without being awaited.</exception>
    public Task UseAsync(Func<NpgsqlConnection, CancellationToken, Task> work) => InTimeAsync(UseInTurnAsync(work));

    /// <summary>Uses a new connection. The caller's pool may return a dead connection; then another one is tried.</summary>
    /// <exception cref="TimeoutException">The work took longer than the limit. It continues without being awaited.</exception>
    public Task UseNewAsync(Func<NpgsqlConnection, CancellationToken, Task> work) => InTimeAsync(UseNewInTimeAsync(work));

    /// <summary>From now on, a connection is kept.</summary>
    public void BeginSession() => Interlocked.Increment(ref _sessions);

    /// <summary>Closes the kept connection, because the server that it leads to may be gone. One that is in use is closed after its use.</summary>
    public Task EndSessionAsync()
    {
        Interlocked.Increment(ref _sessions);
        return CloseKeptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseKeptAsync().ConfigureAwait(false);
        if (_idle is { } idle)
            await idle.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Npgsql does not always observe a cancellation while it connects. An attempt that takes too long ends by itself, without being awaited.</summary>
    private Task InTimeAsync(Task working)
    {
        _ = working.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return working.WaitAsync(limit, time);
    }

    private async Task UseInTurnAsync(Func<NpgsqlConnection, CancellationToken, Task> work)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        var session = Interlocked.Read(ref _sessions);
        await _turn.WaitAsync(timeout.Token).ConfigureAwait(false);
        try
        {
            if (Interlocked.Exchange(ref _kept, null) is not { } kept || !await TryAsync(kept, session, work, timeout.Token).ConfigureAwait(false))
                await UseAndKeepAsync(await OpenAsync(timeout.Token).ConfigureAwait(false), session, work, timeout.Token).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();

            // The session may have ended just before the connection was kept, and have found the turn taken.
            if (!IsCurrent(session))
                await CloseKeptAsync().ConfigureAwait(false);
        }
    }

    private async Task<bool> TryAsync(NpgsqlConnection kept, long session, Func<NpgsqlConnection, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await UseAndKeepAsync(kept, session, work, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (NpgsqlException) when (!cancellationToken.IsCancellationRequested)
        {
            return false; // The connection was dead.
        }
    }

    private async Task UseAndKeepAsync(NpgsqlConnection connection, long session, Func<NpgsqlConnection, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var isGood = false;
        try
        {
            await work(connection, cancellationToken).ConfigureAwait(false);
            isGood = IsCurrent(session) && !connections.IsPooled;
        }
        finally
        {
            if (isGood)
                Keep(connection);
            else
                await CloseAsync(connection).ConfigureAwait(false);
        }
    }

    /// <summary>Whether a use that began in a session may keep its connection.</summary>
    private bool IsCurrent(long session) => session % 2 == 1 && session == Interlocked.Read(ref _sessions);

    private async Task CloseKeptAsync()
    {
        if (!await _turn.WaitAsync(TimeSpan.Zero).ConfigureAwait(false))
            return;

        try
        {
            if (Interlocked.Exchange(ref _kept, null) is { } kept)
                await CloseAsync(kept).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task UseNewInTimeAsync(Func<NpgsqlConnection, CancellationToken, Task> work)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        for (var tries = 1; ; tries++)
        {
            try
            {
                var connection = await OpenAsync(timeout.Token).ConfigureAwait(false);
                try
                {
                    await work(connection, timeout.Token).ConfigureAwait(false);
                    return;
                }
                finally
                {
                    await CloseAsync(connection).ConfigureAwait(false);
                }
            }
            catch (NpgsqlException) when (tries < Tries && !timeout.IsCancellationRequested)
            {
                // The pooled connection was dead, or the server is just restarting.
            }
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await connections.OpenSecondAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await settings.ApplyAsync(connection, timeout: 0, cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await CloseAsync(connection).ConfigureAwait(false); // Some of the settings may apply already.
            throw;
        }
    }

    private void Keep(NpgsqlConnection connection)
    {
        _kept = connection;
        if (_idle is null)
        {
            _ = DetachedTask.Begin(() =>
            {
                _idle = time.CreateTimer(static self => _ = ((SecondConnection)self!).CloseKeptAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                return Task.CompletedTask;
            });
        }

        _idle!.Change(IdleTime, Timeout.InfiniteTimeSpan);
    }

    private async Task CloseAsync(NpgsqlConnection connection)
    {
        try
        {
            // Npgsql resets connections that return to its pool, unless the connection string says otherwise.
            if (connections.IsPooled && connection.FullState == ConnectionState.Open)
            {
                using var timeout = new CancellationTokenSource(limit, time);
                await settings.ResetAsync(connection, 0, timeout.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            logger.CloseFailed(e);
        }

        await connection.DisposeAsync().ConfigureAwait(false);
    }
}
