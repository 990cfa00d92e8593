using System.Data;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Telemetry;

namespace PgListener.Connections;

/// <summary>
/// The connection of one session, with a time limit on everything that is asked of it. Npgsql cannot give up a command on a
/// server that has gone silent without talking to that server again; so what is late is left behind with its connection,
/// which is closed as soon as it can be, and nobody waits for that.
/// </summary>
internal sealed class SessionConnection(NpgsqlConnection connection, bool returnsToPool, ListenerOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>How long a command that was interrupted by the stop may take to end by itself, so that the connection can be closed in an orderly way.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>Npgsql may try a host once more: without encryption, or as the second choice among several.</summary>
    private const int TriesPerHost = 2;

    private Task _last = Task.CompletedTask;
    private bool _isLate;

    /// <summary>Npgsql's own limit on each command, after which it tries to cancel it on the server.</summary>
    private int CommandTimeout => (int)options.KeepAlive.TotalSeconds;

    /// <summary>Opens it. Npgsql has a limit for each host; this one is for a host that keeps it from trying the next.</summary>
    public async Task OpenAsync(CancellationToken stopping)
    {
        var settings = new NpgsqlConnectionStringBuilder(connection.ConnectionString);
        var hosts = settings.Host?.Split(',').Length ?? 1;
        var perHost = settings.Timeout > 0 ? TimeSpan.FromSeconds(settings.Timeout) : options.ConnectTimeout;
        using var limit = new CancellationTokenSource(perHost * hosts * TriesPerHost + Grace, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
        try
        {
            _last = connection.OpenAsync(either.Token);
            await _last.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            _isLate = true;
            throw new TimeoutException($"Connecting took much longer than {nameof(ListenerOptions.ConnectTimeout)} allows for.", e);
        }
    }

    public Task ExecuteAsync(string sql, CancellationToken stopping) => RunAsync(
        async () =>
        {
            var command = new NpgsqlCommand(sql, connection) { CommandTimeout = CommandTimeout };
            await using (command.ConfigureAwait(false))
                await command.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
            return true;
        },
        stopping);

    public Task ExecuteBatchAsync(IEnumerable<string> statements, CancellationToken stopping) => RunAsync(
        async () =>
        {
            var batch = new NpgsqlBatch(connection) { Timeout = CommandTimeout };
            await using (batch.ConfigureAwait(false))
            {
                foreach (var statement in statements)
                    batch.BatchCommands.Add(new(statement));
                await batch.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
            }

            return true;
        },
        stopping);

    /// <summary>Asks for the texts in the first column.</summary>
    public Task<IReadOnlyList<string>> QueryAsync(string sql, string? parameter, CancellationToken stopping) => RunAsync<IReadOnlyList<string>>(
        async () =>
        {
            var command = new NpgsqlCommand(sql, connection) { CommandTimeout = CommandTimeout };
            await using (command.ConfigureAwait(false))
            {
                if (parameter is not null)
                    command.Parameters.Add(new() { Value = parameter });
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
        stopping);

    /// <summary>Closes the connection, now if it can be, else once it can be.</summary>
    public async Task CloseAsync()
    {
        if (!_isLate)
            await _last.WaitAsync(Grace, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_last.IsCompleted)
            await UnlistenAsync().ConfigureAwait(false);
        if (_last.IsCompleted)
            await connection.DisposeAsync().ConfigureAwait(false);
        else
            _ = DetachedTask.Run(CloseLaterAsync);
    }

    private async Task<T> RunAsync<T>(Func<Task<T>> command, CancellationToken stopping)
    {
        var running = command();
        _last = running;
        try
        {
            return await running.WaitAsync(options.KeepAlive, time, stopping).ConfigureAwait(false);
        }
        catch (TimeoutException e) when (!running.IsCompleted)
        {
            _isLate = true;
            throw new TimeoutException($"The server did not answer within {nameof(ListenerOptions.KeepAlive)} ({options.KeepAlive:c}).", e);
        }
    }

    private async Task CloseLaterAsync()
    {
        // A command that is late, UNLISTEN among them, is still reading: until it has ended nobody else may touch the connection.
        await _last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await UnlistenAsync().ConfigureAwait(false);
        await _last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    private async Task UnlistenAsync()
    {
        try
        {
            // In its pool it would go on listening with nobody to read, and hold up the server's queue.
            if (returnsToPool && connection.FullState == ConnectionState.Open)
                await ExecuteAsync("UNLISTEN *", CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            logger.CloseFailed(e);
        }
    }
}
