using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Diagnostics;
using PgListener.Dispatch;

namespace PgListener.Session;

/// <summary>
/// One connection's life: open, LISTEN to everything wanted in one batch, then wait, until something throws. The task that
/// runs it is the only one that calls the connection's methods.
/// </summary>
internal sealed class ListenerSession(
    ConnectionSource connections,
    ChannelTable channels,
    Backpressure backpressure,
    SessionInbox inbox,
    ListenerOptions options,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>The SQLSTATE class of data errors, to which a text the database cannot express belongs (22P05, 22021).</summary>
    private const string DataErrorClass = "22";

    private volatile NpgsqlConnection? _connection;

    /// <summary>The connection of the present session, if there is one.</summary>
    public NpgsqlConnection? Connection => _connection;

    /// <summary>The time limit of every command on this connection.</summary>
    private int TimeLimitSeconds => (int)options.KeepAlive.TotalSeconds;

    public async Task RunAsync(Action onListening, CancellationToken stopping)
    {
        var connection = connections.CreateListening();
        DateTimeOffset? lastGood = null;
        var session = 0L;
        try
        {
            connection.Notification += OnNotification;
            await OpenAsync(connection, stopping).ConfigureAwait(false);
            _connection = connection;

            session = channels.BeginSession();
            var listening = await ReconcileAsync(connection, stopping).ConfigureAwait(false);
            lastGood = time.GetUtcNow();
            logger.Listening(listening, $"{connection.Host}:{connection.Port}", connection.ProcessID);
            onListening();

            while (true)
            {
                if (inbox.HasMail || backpressure.IsOn)
                    await ServeAsync(connection, stopping).ConfigureAwait(false);

                var wait = connection.WaitAsync(options.KeepAlive, stopping);
                if (wait.IsCompletedSuccessfully)
                    continue; // A message was at hand already.

                if (!await wait.ConfigureAwait(false))
                    await ProbeAsync(connection, stopping).ConfigureAwait(false);
                lastGood = time.GetUtcNow();
            }
        }
        finally
        {
            Interlocked.CompareExchange(ref _connection, null, connection);
            connection.Notification -= OnNotification;
            channels.EndSession(session, lastGood);
            await CloseAsync(connection).ConfigureAwait(false);
        }
    }

    private async Task OpenAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
        try
        {
            await connection.OpenAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!stopping.IsCancellationRequested)
        {
            throw new TimeoutException($"Connecting took longer than {nameof(ListenerOptions.ConnectTimeout)} ({options.ConnectTimeout:c}).", e);
        }
    }

    /// <summary>What is to be done between two waits, seldom anything: wishes of others, and waiting for a full queue.</summary>
    private async Task ServeAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        while (inbox.HasMail || backpressure.IsOn)
        {
            if (channels.HasChanges)
                await ReconcileAsync(connection, stopping).ConfigureAwait(false);
            while (inbox.TryTakeQuery(out var query))
                await query.RunAsync(connection, TimeLimitSeconds, stopping).ConfigureAwait(false);

            foreach (var toBlame in await backpressure.WaitAsync(stopping).ConfigureAwait(false))
                toBlame.Overflow();
        }
    }

    /// <summary>Makes the server listen to what is wanted, and to nothing else, in one transaction.</summary>
    /// <returns>How many channels were added.</returns>
    private async Task<int> ReconcileAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        var changes = channels.TakeChanges();
        try
        {
            await SendAsync(connection, changes, stopping).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState.StartsWith(DataErrorClass, StringComparison.Ordinal))
        {
            changes = await RejectUnspeakableAsync(connection, changes, stopping).ConfigureAwait(false);
            await SendAsync(connection, changes, stopping).ConfigureAwait(false);
        }

        channels.Apply(changes);
        return changes.Count(change => change is { Listen: true, Route.IsPrivate: false });
    }

    private async Task SendAsync(NpgsqlConnection connection, IReadOnlyList<ChannelChange> changes, CancellationToken stopping)
    {
        if (changes.Count == 0)
            return;

        var batch = new NpgsqlBatch(connection) { Timeout = TimeLimitSeconds };
        await using (batch.ConfigureAwait(false))
        {
            foreach (var (route, listen, _) in changes)
                batch.BatchCommands.Add(new((listen ? "LISTEN " : "UNLISTEN ") + ChannelName.Quote(route.Channel)));
            await batch.ExecuteNonQueryAsync(stopping).ConfigureAwait(false);
        }
    }

    /// <summary>Finds the channels whose names the database's encoding cannot express, by sending each name as a mere text. Only they are refused.</summary>
    /// <returns>The others.</returns>
    private async Task<IReadOnlyList<ChannelChange>> RejectUnspeakableAsync(NpgsqlConnection connection, IReadOnlyList<ChannelChange> changes, CancellationToken stopping)
    {
        var accepted = new List<ChannelChange>(changes.Count);
        foreach (var change in changes)
        {
            try
            {
                var command = new NpgsqlCommand("SELECT octet_length($1)", connection) { CommandTimeout = TimeLimitSeconds };
                await using (command.ConfigureAwait(false))
                {
                    command.Parameters.Add(new() { Value = change.Route.Channel });
                    await command.ExecuteNonQueryAsync(stopping).ConfigureAwait(false);
                    accepted.Add(change);
                }
            }
            catch (PostgresException e) when (e.SqlState.StartsWith(DataErrorClass, StringComparison.Ordinal))
            {
                logger.ChannelRejected(e, change.Route.Channel);
                channels.Reject(change, e);
            }
        }

        return accepted;
    }

    /// <summary>Asks a silent server whether it is still there.</summary>
    private async Task ProbeAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        var command = new NpgsqlCommand("SELECT 1", connection) { CommandTimeout = TimeLimitSeconds };
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync(stopping).ConfigureAwait(false);
    }

    private void OnNotification(object sender, NpgsqlNotificationEventArgs e) => channels.Deliver(e.Channel, e.Payload, e.PID);

    private async Task CloseAsync(NpgsqlConnection connection)
    {
        try
        {
            if (connections.ReturnsToPool && connection.FullState == System.Data.ConnectionState.Open)
            {
                // In the pool it would go on listening with nobody to read, and hold up the server's queue.
                var command = new NpgsqlCommand("UNLISTEN *", connection) { CommandTimeout = TimeLimitSeconds };
                await using (command.ConfigureAwait(false))
                    await command.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            logger.CloseFailed(e);
        }
        finally
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }
}
