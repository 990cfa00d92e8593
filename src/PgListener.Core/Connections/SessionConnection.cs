using System.Data;
using System.Security.Authentication;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Telemetry;

namespace PgListener.Connections;

/// <summary>
/// The connection of one session, with a time limit on each command. Npgsql cannot give up a command on a
/// silent server without talking to that server again. So a late command is abandoned together with its connection,
/// which is closed as soon as possible, without being awaited.
/// </summary>
internal sealed class SessionConnection(NpgsqlConnection connection, bool returnsToPool, OwnSettings settings, OptionsInForce options, TimeProvider time, ILogger logger)
{
    /// <summary>How long a command that the stop interrupts may take to end by itself, so that the connection can be closed cleanly.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>Npgsql may try a host once more: without encryption, or as the second choice among several.</summary>
    private const int TriesPerHost = 2;

    /// <summary>How much longer Npgsql's own limit is, which breaks the connection. It ends abandoned commands.</summary>
    private const int LeftBehind = 6;

    private Task _last = Task.CompletedTask;
    private bool _isLate;
    private bool _wasStarved;

    /// <summary>The connection, for work that <see cref="RunAsync"/> bounds.</summary>
    public NpgsqlConnection Connection => connection;

    /// <summary>Opens the connection. Npgsql has a limit for each host; this one is for a host that keeps it from trying the next.</summary>
    public async Task OpenAsync(CancellationToken stopping)
    {
        var configured = new NpgsqlConnectionStringBuilder(connection.ConnectionString);
        var hosts = configured.Host?.Split(',').Length ?? 1;
        var perHost = configured.Timeout > 0 ? TimeSpan.FromSeconds(configured.Timeout) : options.Current.ConnectTimeout;
        using var limit = new CancellationTokenSource(perHost * hosts * TriesPerHost + Grace, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
        try
        {
            _last = connection.OpenAsync(either.Token);
            await _last.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (NpgsqlException e) when (e.InnerException is AuthenticationException refusal)
        {
            // Npgsql and .NET say that the server's certificate was refused, but not why.
            var why = await CertificateCheck.ExplainAsync(configured, perHost, time, either.Token).ConfigureAwait(false);
            throw why is null ? e : new NpgsqlException(e.Message, new AuthenticationException(why, refusal));
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            _isLate = true;
            throw new TimeoutException($"Connecting took much longer than {nameof(ListenerOptions.ConnectTimeout)} allows.", e);
        }
    }

    /// <summary>How long a command may take.</summary>
    public TimeSpan Limit => options.Current.CommandTimeout;

    /// <summary>Applies the settings that the session needs.</summary>
    public Task ApplySettingsAsync(CancellationToken stopping) => RunAsync(
        "the session's settings",
        async timeout =>
        {
            await settings.ApplyAsync(connection, timeout, CancellationToken.None).ConfigureAwait(false);
            return true;
        },
        options.Current.CommandTimeout,
        stopping);

    /// <summary>Asks which server this is.</summary>
    public Task<ServerIdentity?> IdentifyAsync(CancellationToken stopping)
        => RunAsync("the question which server this is", timeout => ServerIdentity.FindAsync(connection, timeout, CancellationToken.None), options.Current.CommandTimeout, stopping);

    /// <summary>Executes statements in one transaction.</summary>
    /// <param name="what">Describes them in messages.</param>
    /// <param name="statements">The statements.</param>
    /// <param name="stopping">Ends the waiting.</param>
    public Task ExecuteBatchAsync(string what, IEnumerable<string> statements, CancellationToken stopping) => RunAsync(
        what,
        async timeout =>
        {
            var batch = new NpgsqlBatch(connection) { Timeout = timeout };
            await using (batch.ConfigureAwait(false))
            {
                foreach (var statement in statements)
                    batch.BatchCommands.Add(new(statement));
                await batch.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
            }

            return true;
        },
        options.Current.CommandTimeout,
        stopping);

    /// <summary>Executes a query, and returns the texts of the first column.</summary>
    /// <param name="sql">The query.</param>
    /// <param name="parameter">Its parameter, if it has one.</param>
    /// <param name="limit">How long the answer may take.</param>
    /// <param name="stopping">Ends the waiting.</param>
    /// <param name="isPrepared">Whether it is prepared once for the session, because it is executed often.</param>
    public Task<IReadOnlyList<string>> QueryAsync(string sql, string? parameter, TimeSpan limit, CancellationToken stopping, bool isPrepared = false) => RunAsync<IReadOnlyList<string>>(
        "a question",
        async timeout =>
        {
            var command = new NpgsqlCommand(sql, connection) { CommandTimeout = timeout };
            await using (command.ConfigureAwait(false))
            {
                if (parameter is not null)
                    command.Parameters.Add(new() { Value = parameter });
                if (isPrepared)
                    await command.PrepareAsync(CancellationToken.None).ConfigureAwait(false);
                var rows = new List<string>();
                var reader = await command.ExecuteReaderAsync(CancellationToken.None).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    while (await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false))
                        rows.Add(reader.GetString(0));
                }

                return rows;
            }
        },
        limit,
        stopping);

    /// <summary>Marks the connection as lost, so that nothing waits for its outstanding work.</summary>
    public void GiveUp() => _isLate = true;

    /// <summary>Closes the connection, at once if possible, otherwise as soon as possible.</summary>
    public async Task CloseAsync()
    {
        if (!_isLate)
        {
            await _last.WaitAsync(Grace, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_last.IsCompleted)
                await CleanAsync().ConfigureAwait(false);
        }

        if (!_isLate && _last.IsCompleted)
            await connection.DisposeAsync().ConfigureAwait(false);
        else
            _ = DetachedTask.Run(CloseLaterAsync);
    }

    /// <summary>Does something on the connection within a time limit.</summary>
    /// <param name="what">Describes it in messages.</param>
    /// <param name="command">Does it, with Npgsql's own limit in seconds.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="stopping">Ends the waiting.</param>
    /// <exception cref="TimeoutException">It took longer. It continues without being awaited, until the connection is closed.</exception>
    public async Task<T> RunAsync<T>(string what, Func<int, Task<T>> command, TimeSpan limit, CancellationToken stopping)
    {
        var running = command((int)Math.Ceiling(limit.TotalSeconds) * LeftBehind);
        _last = running;
        while (true)
        {
            var begun = time.GetTimestamp();
            try
            {
                var result = await running.WaitAsync(limit, time, stopping).ConfigureAwait(false);
                NoteDelay(time.GetElapsedTime(begun) - limit); // Then not even the limit's own timer got a thread.
                return result;
            }
            catch (TimeoutException e)
            {
                var late = time.GetElapsedTime(begun) - limit;
                if (!running.IsCompleted)
                    late += await ThreadPoolDelay.MeasureAsync(time).ConfigureAwait(false);
                NoteDelay(late);
                if (running.IsCompleted)
                    return await running.ConfigureAwait(false); // It has ended at this moment, or has failed with this.
                if (late > ThreadPoolDelay.Tolerated)
                    continue; // This process is late, and the server may not be.

                _isLate = true;
                throw new TimeoutException($"The server did not answer {what} within {limit:c}.", e);
            }
        }
    }

    private void NoteDelay(TimeSpan late)
    {
        if (late <= ThreadPoolDelay.Tolerated || _wasStarved)
            return;

        _wasStarved = true;
        logger.ThreadPoolStarved(late.TotalSeconds);
    }

    private async Task CloseLaterAsync()
    {
        // A late command, such as UNLISTEN, is still reading. Until it ends, nothing else may use the connection.
        await _last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await CleanAsync().ConfigureAwait(false);
        await _last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    private async Task CleanAsync()
    {
        // In its pool it would continue to listen without being read, and keep the server's queue from being emptied; and keep its locks.
        if (!returnsToPool || connection.FullState != ConnectionState.Open)
            return;

        try
        {
            await ExecuteBatchAsync("UNLISTEN", ["UNLISTEN *", "SELECT pg_catalog.pg_advisory_unlock_all()"], CancellationToken.None).ConfigureAwait(false);
            await RunAsync(
                "the reset of the session's settings",
                async timeout =>
                {
                    await settings.ResetAsync(connection, timeout, CancellationToken.None).ConfigureAwait(false);
                    return true;
                },
                options.Current.CommandTimeout,
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            logger.CloseFailed(e);
        }
    }
}
