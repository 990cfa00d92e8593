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
    Action<Func<bool>> wake,
    RoundTrip roundTrip,
    OptionsInForce options,
    TimeProvider time,
    ILogger logger)
{
    private readonly Reconciler _reconciler = new(owner, logger);
    private readonly SilenceCheck _silence = new(owner, roundTrip, options, time, logger);
    private volatile NpgsqlConnection? _connection;
    private volatile Attention? _attention;
    private int _wasUnproven;

    /// <summary>The connection of the current session, if there is one.</summary>
    public NpgsqlConnection? Connection => _connection;

    /// <summary>There is a request in the inbox for the current session.</summary>
    /// <param name="isNeeded">Called before the connection is woken, because the request may have been served by then.</param>
    public void Call(Func<bool> isNeeded) => _attention?.Call(isNeeded);

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
        using var attention = new Attention(() => inbox.HasMail, wake, Attention.Moment);
        _attention = attention;
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
            var work = new SessionWork(connection, server, session, owner, inbox, backpressure, _reconciler, attention, time);
            await ReadAsync(connection, server, session, identity, pulse, work, wakeUps, stopping).ConfigureAwait(false);
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
        NpgsqlConnection connection,
        SessionConnection server,
        SessionId session,
        ServerIdentity? identity,
        Pulse pulse,
        SessionWork work,
        WakeUps wakeUps,
        CancellationToken stopping)
    {
        // The caller must already be waiting when a consumer is served on this thread, because the consumer may block it.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var proven = time.GetTimestamp();
        var atHand = 0u;
        using var messages = new MessageWait(connection, options.Current.KeepAlive, stopping);
        work.End();
        while (true)
        {
            if (work.IsDue)
            {
                wakeUps.StopHolding();
                pulse.BeginSilence();
                await work.DoAsync(pulse.Token).ConfigureAwait(false);
                pulse.EndSilence();
                continue; // A request may have been made just before the work ended.
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
}
