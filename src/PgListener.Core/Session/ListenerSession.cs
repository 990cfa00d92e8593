using System.Data;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Connections;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener.Session;

/// <summary>
/// One session: opens a connection, listens to all wanted channels, then waits for notifications until something throws. The task that runs it is
/// the only one that calls the connection's methods.
/// </summary>
internal sealed class ListenerSession(
    ConnectionSource connections,
    SecondConnection second,
    OwnSettings settings,
    SessionOwner owner,
    SessionInbox inbox,
    Backpressure backpressure,
    RoundTrip roundTrip,
    OptionsInForce options,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>How long requests are gathered while reading is paused: before it answers one, the server sends all notifications that were committed earlier.</summary>
    private static readonly TimeSpan GatherTime = TimeSpan.FromSeconds(1);

    private readonly Reconciler _reconciler = new(owner, logger);
    private readonly SilenceCheck _silence = new(owner, roundTrip, options, time, logger);
    private volatile NpgsqlConnection? _connection;
    private int _wasUnproven;

    /// <summary>The connection of the current session, if there is one.</summary>
    public NpgsqlConnection? Connection => _connection;

    /// <summary>Runs one session.</summary>
    /// <param name="run">The run it belongs to.</param>
    /// <param name="onListening">Called once the server listens, and delivery is proven if it can be.</param>
    /// <param name="stopping">Ends the session.</param>
    public async Task RunAsync(long run, Action onListening, CancellationToken stopping)
    {
        var connection = connections.CreateListening();
        var server = new SessionConnection(connection, connections.IsPooled, settings, options, time, logger);
        var wakeUps = new WakeUps();
        var session = default(SessionId);
        using var pulse = new Pulse(second, options.Current.KeepAlive, time, stopping);
        NotificationEventHandler deliver = (_, e) => owner.Deliver(session, e.Channel, e.Payload, e.PID, wakeUps);
        second.BeginSession();
        try
        {
            connection.Notification += deliver;
            await server.OpenAsync(stopping).ConfigureAwait(false);
            pulse.BeginSilence();
            await server.ApplySettingsAsync(pulse.Token).ConfigureAwait(false);
            var identity = await server.IdentifyAsync(pulse.Token).ConfigureAwait(false);
            pulse.Know(identity);

            var name = $"{connection.Host}:{connection.Port}";
            if (!owner.TryBeginSession(run, name, connection.ProcessID, out session))
                throw new OperationCanceledException("The run is over.");

            _connection = connection;
            var begun = time.GetTimestamp();
            var listening = await _reconciler.ReconcileAsync(server, session, pulse.Token).ConfigureAwait(false);
            pulse.EndSilence();
            owner.Prove(session, begun);
            BeginProof(session, () =>
            {
                if (owner.Listening(session, onListening))
                    logger.Listening(listening, name, connection.ProcessID);
            });
            await ReadAsync(connection, server, session, identity, pulse, wakeUps, stopping).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (pulse.Loss is { } loss && !stopping.IsCancellationRequested)
            {
                server.GiveUp();
                owner.EndSession(session, Diagnosis.Of(loss));
                throw loss;
            }

            owner.EndSession(session, Diagnosis.Of(e));
            throw;
        }
        finally
        {
            Interlocked.CompareExchange(ref _connection, null, connection);
            connection.Notification -= deliver;
            wakeUps.StopHolding();
            connections.CloseIdle();
            await second.EndSessionAsync().ConfigureAwait(false);
            await server.CloseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Reads notifications until something throws.</summary>
    private async Task ReadAsync(
        NpgsqlConnection connection, SessionConnection server, SessionId session, ServerIdentity? identity, Pulse pulse, WakeUps wakeUps, CancellationToken stopping)
    {
        // The caller must already be waiting when a consumer is served on this thread, because the consumer may block it.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var proven = time.GetTimestamp();
        var atHand = 0u;
        using var messages = new MessageWait(connection, options.Current.KeepAlive, stopping);
        while (true)
        {
            if (inbox.HasMail || backpressure.IsOn)
            {
                wakeUps.StopHolding();
                pulse.BeginSilence();
                await ServeAsync(connection, server, session, pulse.Token).ConfigureAwait(false);
                pulse.EndSilence();
            }

            wakeUps.Hold();
            var wait = messages.BeginAsync();
            if (wait.IsCompletedSuccessfully)
            {
                wakeUps.OneMore(); // A message was available, and another may be.
                if (++atHand % WakeUps.Patience == 0)
                    ProveIfDue(session, ref proven);
                continue;
            }

            // From here until the wait ends, notifications are delivered on another thread.
            backpressure.CaughtUp();
            if (await new ReadingWait(wait, messages, wakeUps))
            {
                wakeUps.OneMore(); // Delayed consumers may be left, because the wait may have completed without giving up the thread.
            }
            else
            {
                wakeUps.StopHolding();
                await _silence.RunAsync(connection, server, session, identity, stopping).ConfigureAwait(false);
            }

            ProveIfDue(session, ref proven);
        }
    }

    private void ProveIfDue(SessionId session, ref long proven)
    {
        if (options.Current.ProveDeliveryInterval is not { } interval || time.GetElapsedTime(proven) < interval)
            return;

        proven = time.GetTimestamp();
        roundTrip.Begin(session, took => NoteRoundTrip(session, took));
    }

    /// <summary>Proves that notifications arrive, and only then reports that it listens.</summary>
    private void BeginProof(SessionId session, Action onListening)
    {
        if (!options.Current.ProveDelivery)
        {
            onListening();
            return;
        }

        roundTrip.Begin(session, took =>
        {
            NoteRoundTrip(session, took);
            onListening();
        });
    }

    private void NoteRoundTrip(SessionId session, TimeSpan? took)
    {
        if (took is not null)
            owner.Note(session, status => status with { RoundTrip = took });
        if (Interlocked.Exchange(ref _wasUnproven, took is null ? 1 : 0) == 0 && took is null)
            logger.Unproven();
    }

    /// <summary>Does the work between two waits, if there is any: requests of other tasks, and waiting for a full queue.</summary>
    private async Task ServeAsync(NpgsqlConnection connection, SessionConnection server, SessionId session, CancellationToken stopping)
    {
        long? gathering = null;
        while (inbox.HasMail || backpressure.IsOn)
        {
            stopping.ThrowIfCancellationRequested();
            gathering = inbox.HasUrgentMail ? gathering ?? time.GetTimestamp() : null;
            var left = gathering is { } since ? GatherTime - time.GetElapsedTime(since) : Timeout.InfiniteTimeSpan;
            if (backpressure.IsOn && (gathering is null || left > TimeSpan.Zero))
            {
                foreach (var toBlame in await WaitAsync(left, stopping).ConfigureAwait(false))
                    toBlame.Overflow();
            }
            else if (owner.TryTakeQuery(session, inbox, out var query))
            {
                await AnswerAsync(query, connection, server, session, stopping).ConfigureAwait(false);
                gathering = null; // Requests that arrived in the meantime are gathered from the beginning.
            }
            else if (inbox.HasMail)
            {
                await _reconciler.ReconcileAsync(server, session, stopping).ConfigureAwait(false);
                gathering = null;
            }
        }
    }

    /// <summary>Waits until no queue is full, a request arrives, or the gathered requests are due.</summary>
    private async Task<IReadOnlyList<SubscriptionQueue>> WaitAsync(TimeSpan limit, CancellationToken stopping)
    {
        if (limit == Timeout.InfiniteTimeSpan)
            return await backpressure.WaitAsync(stopping).ConfigureAwait(false);

        using var due = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, stopping);
        try
        {
            return await backpressure.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return [];
        }
    }

    /// <summary>Executes a query, after the changes that were requested before it.</summary>
    private async Task AnswerAsync(SessionQuery query, NpgsqlConnection connection, SessionConnection server, SessionId session, CancellationToken stopping)
    {
        try
        {
            if (owner.Difference.HasChanges)
                await _reconciler.ReconcileAsync(server, session, stopping).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            query.Answer.TrySetException(stopping.IsCancellationRequested ? new ListenerClosedException() : e);
            throw; // As without a query: the session ends, and the next one listens to everything.
        }

        try
        {
            query.Answer.TrySetResult(await server.QueryAsync(query.Sql, parameter: null, server.Limit, stopping).ConfigureAwait(false));
        }
        catch (PostgresException e) when (connection.FullState == ConnectionState.Open)
        {
            query.Answer.TrySetException(e); // The server refused only this query, so the connection can be kept.
        }
        catch (Exception e)
        {
            query.Answer.TrySetException(stopping.IsCancellationRequested ? new ListenerClosedException() : e);
            throw;
        }
    }
}
