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
    private volatile NpgsqlConnection? _connection;

    /// <summary>The connection of the present session, if there is one.</summary>
    public NpgsqlConnection? Connection => _connection;

    public async Task RunAsync(Action onListening, CancellationToken stopping)
    {
        var connection = connections.CreateListening();
        var server = new SessionConnection(connection, connections.ReturnsToPool, options, time, logger);
        DateTimeOffset? lastGood = null;
        var session = 0L;
        try
        {
            connection.Notification += OnNotification;
            await server.OpenAsync(stopping).ConfigureAwait(false);
            _connection = connection;

            session = channels.BeginSession();
            var listening = await ReconcileAsync(server, stopping).ConfigureAwait(false);
            lastGood = time.GetUtcNow();
            logger.Listening(listening, $"{connection.Host}:{connection.Port}", connection.ProcessID);
            onListening();

            while (true)
            {
                if (inbox.HasMail || backpressure.IsOn)
                    await ServeAsync(server, stopping).ConfigureAwait(false);

                var wait = connection.WaitAsync(options.KeepAlive, stopping);
                if (wait.IsCompletedSuccessfully)
                    continue; // A message was at hand already.

                // After a silence the server is asked whether it is still there.
                if (!await wait.ConfigureAwait(false))
                    await server.ExecuteAsync("SELECT 1", stopping).ConfigureAwait(false);
                lastGood = time.GetUtcNow();
            }
        }
        finally
        {
            Interlocked.CompareExchange(ref _connection, null, connection);
            connection.Notification -= OnNotification;
            channels.EndSession(session, lastGood);
            await server.CloseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>What is to be done between two waits, seldom anything: wishes of others, and waiting for a full queue.</summary>
    private async Task ServeAsync(SessionConnection server, CancellationToken stopping)
    {
        while (inbox.HasMail || backpressure.IsOn)
        {
            if (channels.HasChanges)
                await ReconcileAsync(server, stopping).ConfigureAwait(false);
            while (inbox.TryTakeQuery(out var query))
                await query.RunAsync(server, stopping).ConfigureAwait(false);

            foreach (var toBlame in await backpressure.WaitAsync(stopping).ConfigureAwait(false))
                toBlame.Overflow();
        }
    }

    /// <summary>Makes the server listen to what is wanted, and to nothing else, in one transaction.</summary>
    /// <returns>How many channels were added.</returns>
    private async Task<int> ReconcileAsync(SessionConnection server, CancellationToken stopping)
    {
        var changes = channels.TakeChanges();
        try
        {
            await SendAsync(server, changes, stopping).ConfigureAwait(false);
        }
        catch (PostgresException e) when (IsDataError(e))
        {
            changes = await RejectUnspeakableAsync(server, changes, stopping).ConfigureAwait(false);
            await SendAsync(server, changes, stopping).ConfigureAwait(false);
        }

        channels.Apply(changes);
        return changes.Count(change => change is { Listen: true, Route.IsPrivate: false });
    }

    private static Task SendAsync(SessionConnection server, IReadOnlyList<ChannelChange> changes, CancellationToken stopping)
        => changes.Count == 0
            ? Task.CompletedTask
            : server.ExecuteBatchAsync(changes.Select(change => (change.Listen ? "LISTEN " : "UNLISTEN ") + ChannelName.Quote(change.Route.Channel)), stopping);

    /// <summary>Finds the channels whose names the database's encoding cannot express, by sending each name as a mere text. Only they are refused.</summary>
    /// <returns>The others.</returns>
    private async Task<IReadOnlyList<ChannelChange>> RejectUnspeakableAsync(SessionConnection server, IReadOnlyList<ChannelChange> changes, CancellationToken stopping)
    {
        var accepted = new List<ChannelChange>(changes.Count);
        foreach (var change in changes)
        {
            try
            {
                await server.QueryAsync("SELECT $1", change.Route.Channel, stopping).ConfigureAwait(false);
                accepted.Add(change);
            }
            catch (PostgresException e) when (IsDataError(e))
            {
                logger.ChannelRejected(e, change.Route.Channel);
                channels.Reject(change, e);
            }
        }

        return accepted;
    }

    /// <summary>Whether the error is of the class of data errors, as a text that the database cannot express is (22P05, 22021).</summary>
    private static bool IsDataError(PostgresException error) => error.SqlState.StartsWith("22", StringComparison.Ordinal);

    private void OnNotification(object sender, NpgsqlNotificationEventArgs e) => channels.Deliver(e.Channel, e.Payload, e.PID);
}
