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

    /// <summary>When the latest proof was begun. Only the thread that reads uses it.</summary>
    private long _proven;

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
            _proven = time.GetTimestamp();
            using var messages = new MessageWait(connection, options.Current.KeepAlive, stopping);
            using var reader = new SessionReader(
                messages,
                new(connection, server, session, owner, inbox, backpressure, _reconciler, attention, time),
                pulse,
                backpressure,
                wakeUps,
                () => ProveIfDue(session),
                () => _silence.RunAsync(connection, server, session, identity, stopping));
            await reader.ReadAsync().ConfigureAwait(false);
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

    private void ProveIfDue(SessionId session)
    {
        if (options.Current.ProveDeliveryInterval is not { } interval || time.GetElapsedTime(_proven) < interval)
            return;

        _proven = time.GetTimestamp();
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
