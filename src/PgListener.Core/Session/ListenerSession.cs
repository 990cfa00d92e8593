using System.Data;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Connections;
using PgListener.Routing;
using PgListener.Subscriptions;
using PgListener.Telemetry;

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
    RoundTrip roundTrip,
    StateMachine state,
    LastGood lastGood,
    OptionsInForce options,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>When it is full, every commit that notifies fails, on the whole cluster.</summary>
    private const double HighQueueUsage = 0.5;

    private volatile NpgsqlConnection? _connection;

    /// <summary>The connection of the present session, if there is one.</summary>
    public NpgsqlConnection? Connection => _connection;

    public async Task RunAsync(Action onListening, CancellationToken stopping)
    {
        var connection = connections.CreateListening();
        var server = new SessionConnection(connection, connections.ReturnsToPool, options.Current, time, logger);
        var session = 0L;
        var wakeUps = new WakeUps();
        NotificationEventHandler deliver = (_, e) => channels.Deliver(session, e.Channel, e.Payload, e.PID, wakeUps);
        try
        {
            connection.Notification += deliver;
            await server.OpenAsync(stopping).ConfigureAwait(false);
            _connection = connection;
            state.Note(status => status with { Server = $"{connection.Host}:{connection.Port}", ProcessId = connection.ProcessID }, stopping);

            session = channels.BeginSession();
            var begun = time.GetTimestamp();
            var listening = await ReconcileAsync(server, session, stopping).ConfigureAwait(false);
            lastGood.Prove(begun);
            BeginProof(
                session,
                () =>
                {
                    onListening();
                    logger.Listening(listening, $"{connection.Host}:{connection.Port}", connection.ProcessID);
                },
                stopping);
            await ReadAsync(connection, server, session, wakeUps, stopping).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.CompareExchange(ref _connection, null, connection);
            connection.Notification -= deliver;
            wakeUps.StopHolding();
            roundTrip.Abandon(session);
            channels.EndSession(session);
            await server.CloseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Reads notifications until something throws.</summary>
    private async Task ReadAsync(NpgsqlConnection connection, SessionConnection server, long session, WakeUps wakeUps, CancellationToken stopping)
    {
        // Whoever awaits this must be waiting already when a consumer is served on this thread, which may take as long as it likes.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var proven = time.GetTimestamp();
        using var messages = new MessageWait(connection, options.Current.KeepAlive, stopping);
        while (true)
        {
            if (inbox.HasMail || backpressure.IsOn)
            {
                wakeUps.StopHolding();
                await ServeAsync(server, session, stopping).ConfigureAwait(false);
            }

            wakeUps.Hold();
            var wait = messages.BeginAsync();
            if (wait.IsCompletedSuccessfully)
            {
                wakeUps.OneMore(); // A message was at hand, and another may be.
                continue;
            }

            backpressure.CaughtUp();
            if (await new ReadingWait(wait, messages, wakeUps))
            {
                wakeUps.OneMore(); // What came may be held, and it is not certain that the wait gave the thread away.
            }
            else
            {
                wakeUps.StopHolding();
                await AfterSilenceAsync(connection, server, stopping).ConfigureAwait(false);
            }

            if (options.Current.ProveDeliveryInterval is { } interval && time.GetElapsedTime(proven) >= interval)
            {
                proven = time.GetTimestamp();
                roundTrip.Begin(session, took => NoteRoundTrip(took, stopping));
            }
        }
    }

    /// <summary>Proves that notifications arrive, and only then says that it listens.</summary>
    private void BeginProof(long session, Action onListening, CancellationToken stopping)
    {
        if (!options.Current.ProveDelivery)
        {
            onListening();
            return;
        }

        roundTrip.Begin(session, took =>
        {
            NoteRoundTrip(took, stopping);
            onListening();
        });
    }

    private void NoteRoundTrip(TimeSpan? took, CancellationToken stopping)
    {
        if (took is null)
            logger.Unproven();
        else
            state.Note(status => status with { RoundTrip = took }, stopping);
    }

    /// <summary>Nothing has come for as long as <see cref="ListenerOptions.KeepAlive"/>: finds out whether that is all right.</summary>
    private async Task AfterSilenceAsync(NpgsqlConnection connection, SessionConnection server, CancellationToken stopping)
    {
        // Npgsql breaks the connection when the silence is in the middle of a message, and says no more than that none came.
        if (connection.FullState != ConnectionState.Open)
            throw new TimeoutException($"A message was begun and not ended within {nameof(ListenerOptions.KeepAlive)} ({options.Current.KeepAlive:c}).");

        roundTrip.ThrowIfOverdue();
        await ProbeAsync(server, stopping).ConfigureAwait(false);
    }

    /// <summary>Asks a silent server whether it is still there, and how full its notification queue is.</summary>
    private async Task ProbeAsync(SessionConnection server, CancellationToken stopping)
    {
        var asked = time.GetTimestamp();
        var answer = await server.QueryAsync("SELECT pg_notification_queue_usage()::text", parameter: null, stopping).ConfigureAwait(false);
        lastGood.Prove(asked);
        var usage = double.Parse(answer[0], CultureInfo.InvariantCulture);
        var wasFilling = state.Status is { QueueUsage: > HighQueueUsage, Problem: not null };
        if (usage <= HighQueueUsage)
        {
            state.Note(status => status with { QueueUsage = usage, Problem = wasFilling ? null : status.Problem }, stopping);
        }
        else if (wasFilling)
        {
            state.Note(status => status with { QueueUsage = usage }, stopping);
        }
        else
        {
            var problem = Diagnosis.OfQueue(usage, await server.QueryAsync(Diagnosis.QueueHolderQuery, parameter: null, stopping).ConfigureAwait(false));
            state.Note(status => status with { QueueUsage = usage, Problem = problem }, stopping);
            logger.QueueFills(problem);
        }
    }

    /// <summary>What is to be done between two waits, seldom anything: wishes of others, and waiting for a full queue.</summary>
    private async Task ServeAsync(SessionConnection server, long session, CancellationToken stopping)
    {
        while (inbox.HasMail || backpressure.IsOn)
        {
            if (inbox.TryTakeQuery(out var query))
                await AnswerAsync(query, server, session, stopping).ConfigureAwait(false);
            else if (channels.HasChanges)
                await ReconcileAsync(server, session, stopping).ConfigureAwait(false);
            if (inbox.HasMail)
                continue;

            foreach (var toBlame in await backpressure.WaitAsync(stopping).ConfigureAwait(false))
                toBlame.Overflow();
        }
    }

    /// <summary>Asks a question, after the changes that were made before it was asked.</summary>
    private async Task AnswerAsync(SessionQuery query, SessionConnection server, long session, CancellationToken stopping)
    {
        try
        {
            if (channels.HasChanges)
                await ReconcileAsync(server, session, stopping).ConfigureAwait(false);
            query.Answer.TrySetResult(await server.QueryAsync(query.Sql, parameter: null, stopping).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            query.Answer.TrySetException(stopping.IsCancellationRequested ? new ListenerClosedException() : e);
            throw;
        }
    }

    /// <summary>Makes the server listen to what is wanted, and to nothing else, in one transaction.</summary>
    /// <returns>How many channels were added.</returns>
    private async Task<int> ReconcileAsync(SessionConnection server, long session, CancellationToken stopping)
    {
        var changes = channels.TakeChanges(session);
        try
        {
            await SendAsync(server, changes, stopping).ConfigureAwait(false);
        }
        catch (PostgresException e) when (IsDataError(e))
        {
            changes = await RejectUnspeakableAsync(server, session, changes, stopping).ConfigureAwait(false);
            await SendAsync(server, changes, stopping).ConfigureAwait(false);
        }

        channels.Apply(session, changes);
        return changes.Count(change => change is { Listen: true, Route.IsPrivate: false });
    }

    private static Task SendAsync(SessionConnection server, IReadOnlyList<ChannelChange> changes, CancellationToken stopping)
        => changes.Count == 0
            ? Task.CompletedTask
            : server.ExecuteBatchAsync(changes.Select(change => (change.Listen ? "LISTEN " : "UNLISTEN ") + ChannelName.Quote(change.Route.Channel)), stopping);

    /// <summary>Finds the channels whose names the database's encoding cannot express, by sending each name as a mere text. Only they are refused.</summary>
    /// <returns>The others.</returns>
    private async Task<IReadOnlyList<ChannelChange>> RejectUnspeakableAsync(SessionConnection server, long session, IReadOnlyList<ChannelChange> changes, CancellationToken stopping)
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
                logger.ChannelRejected(e, change.Route.Channel.ReplaceLineEndings(" "));
                channels.Reject(session, change, e);
            }
        }

        return accepted;
    }

    /// <summary>Whether the error is of the class of data errors, as a text that the database cannot express is (22P05, 22021).</summary>
    private static bool IsDataError(PostgresException error) => error.SqlState.StartsWith("22", StringComparison.Ordinal);
}
