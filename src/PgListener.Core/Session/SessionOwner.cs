using System.Diagnostics.CodeAnalysis;
using PgListener.Routing;
using PgListener.Subscriptions;

namespace PgListener.Session;

/// <summary>
/// Decides everything about runs and sessions: when they begin and end, what the server has answered, whether it is said to listen.
/// Each outcome carries the run or the session it belongs to, and counts only while that is the current one.
/// </summary>
internal sealed class SessionOwner(Difference difference, Router router, StateMachine state, LastGood lastGood)
{
    private readonly CurrentSession _current = new();
    private volatile Proof? _proof;

    public StateMachine State => state;

    public Difference Difference => difference;

    /// <summary>The proof that is awaited, if one is.</summary>
    public Proof? Awaited => _proof;

    /// <summary>The listener is started.</summary>
    /// <returns>The run.</returns>
    public long BeginRun() => _current.BeginRun(() =>
        state.Move(ListenerState.Connecting, static status => status with { FailedAttempts = 0, Problem = null }));

    /// <summary>The listener is being stopped: whatever its session does from now on does not count, and nobody needs to wait for it.</summary>
    public void EndRun(long run) => _current.EndRun(run, () =>
    {
        Close();
        difference.Abandon();
        state.Move(ListenerState.Stopping, static status => status with { NextAttemptAt = null });
    });

    /// <summary>The stop is complete, whether the session has ended or was left behind.</summary>
    public void Stopped() => state.Move(ListenerState.Stopped, static status => status with { ProcessId = null });

    /// <summary>A connection is open.</summary>
    /// <returns>Its session, or <see langword="false"/> if the run is over.</returns>
    public bool TryBeginSession(long run, string server, int processId, out SessionId session) => _current.TryBeginSession(
        run,
        () =>
        {
            difference.BeginSession();
            state.Note(status => status with { Server = server, ProcessId = processId });
        },
        out session);

    /// <summary>A connection is over. From this moment on it is not said to listen.</summary>
    /// <param name="session">Its session.</param>
    /// <param name="problem">Why, in one line.</param>
    public void EndSession(SessionId session, string problem) => _current.EndSession(session, () =>
    {
        Close();
        state.Move(ListenerState.Reconnecting, status => status with { ProcessId = null, Problem = problem });
    });

    /// <summary>An attempt to connect and listen has failed.</summary>
    public void Failed(long run, string problem) => _current.Do(run, () =>
        state.Note(status => status with { ProcessId = null, Problem = problem, FailedAttempts = status.FailedAttempts + 1 }));

    /// <summary>When the next attempt begins; nothing once it has begun.</summary>
    public void Plan(long run, DateTimeOffset? nextAttempt) => _current.Do(run, () =>
        state.Note(status => status with { NextAttemptAt = nextAttempt }));

    /// <summary>More is known of why there is no session.</summary>
    public void Explain(long run, string problem) => _current.Do(run, () =>
    {
        if (state.Status.State != ListenerState.Listening)
            state.Note(status => status with { Problem = problem });
    });

    /// <summary>Takes edits that the server has to be told of.</summary>
    /// <returns>Nothing if the session is over.</returns>
    public IReadOnlyList<ChannelChange>? TakeChanges(SessionId session, int most)
    {
        IReadOnlyList<ChannelChange>? changes = null;
        _current.Do(session, () => changes = difference.TakeChanges(most));
        return changes;
    }

    /// <summary>The server has committed edits.</summary>
    public void Apply(SessionId session, IReadOnlyList<ChannelChange> changes) => _current.Do(session, () => difference.Apply(changes));

    /// <summary>The server has refused an edit.</summary>
    public void Reject(SessionId session, ChannelChange change, Exception error) => _current.Do(session, () => difference.Reject(change, error));

    /// <summary>Everything up to a moment has arrived.</summary>
    /// <param name="session">The session.</param>
    /// <param name="timestamp">The moment.</param>
    public void Prove(SessionId session, long timestamp) => _current.Do(session, () => lastGood.Prove(timestamp));

    /// <summary>Something is known of the server.</summary>
    public void Note(SessionId session, Func<ListenerStatus, ListenerStatus> change) => _current.Do(session, () => state.Note(change));

    /// <summary>The server listens to all that is wanted, and as far as can be known notifications arrive.</summary>
    /// <param name="session">The session.</param>
    /// <param name="begin">What belongs to that moment, before anyone is told of it.</param>
    /// <returns>Whether the state has changed.</returns>
    public bool Listening(SessionId session, Action begin)
    {
        var moved = false;
        _current.Do(session, () =>
        {
            begin();
            moved = state.Move(ListenerState.Listening, static status => status with { FailedAttempts = 0, Problem = null });
        });
        return moved;
    }

    /// <summary>From now on a proof is awaited.</summary>
    /// <returns>Whether it is: not if the session is over.</returns>
    public bool BeginProof(Proof proof) => _current.Do(proof.Session, () => _proof = proof);

    /// <summary>A proof is settled: it has arrived, or could not be sent.</summary>
    /// <returns>Whether that counts: it is awaited, and its session is the current one.</returns>
    public bool EndProof(Proof proof)
    {
        var wasAwaited = false;
        _current.Do(proof.Session, () =>
        {
            wasAwaited = _proof == proof;
            if (wasAwaited)
                _proof = null;
        });
        return wasAwaited;
    }

    /// <summary>A question is taken from those that were asked, or nothing, if the session is over.</summary>
    public bool TryTakeQuery(SessionId session, SessionInbox inbox, [NotNullWhen(true)] out SessionQuery? query)
    {
        SessionQuery? taken = null;
        _current.Do(session, () => taken = inbox.TakeQuery());
        query = taken;
        return taken is not null;
    }

    /// <summary>A notification has come.</summary>
    public void Deliver(SessionId session, string channel, string payload, int processId, WakeUps wakeUps)
    {
        // The rest is done without a lock. One that was begun just before the end of its session may be finished just after it.
        if (_current.Is(session) && !router.Deliver(channel, payload, processId, wakeUps))
            DeliverFirst(session, channel, payload, processId, wakeUps);
    }

    private void DeliverFirst(SessionId session, string channel, string payload, int processId, WakeUps wakeUps)
    {
        if (_current.Do(session, () => difference.BeginHearing(channel)))
            router.Deliver(channel, payload, processId, wakeUps);
    }

    private void Close()
    {
        _proof = null;
        difference.EndSession();
    }
}
