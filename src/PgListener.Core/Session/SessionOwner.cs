using System.Diagnostics.CodeAnalysis;
using PgListener.Routing;
using PgListener.Subscriptions;

namespace PgListener.Session;

/// <summary>
/// Decides about runs and sessions: when they begin and end, what the server has answered, and whether the state is Listening.
/// Each result carries the run or the session it belongs to, and counts only while that is the current one.
/// </summary>
internal sealed class SessionOwner(Difference difference, Router router, StateMachine state, LastGood lastGood)
{
    private readonly CurrentSession _current = new();
    private volatile Proof? _proof;

    public StateMachine State => state;

    public Difference Difference => difference;

    /// <summary>The proof that is awaited, if there is one.</summary>
    public Proof? Awaited => _proof;

    /// <summary>The listener is started.</summary>
    /// <returns>The run.</returns>
    public long BeginRun() => _current.BeginRun(() =>
        state.Move(ListenerState.Connecting, static status => status with { FailedAttempts = 0, Problem = null }));

    /// <summary>The listener is being stopped. The results of its session do not count any more, and nothing waits for them.</summary>
    public void EndRun(long run) => _current.EndRun(run, () =>
    {
        Close();
        difference.Abandon();
        state.Move(ListenerState.Stopping, static status => status with { NextAttemptAt = null });
    });

    /// <summary>The stop is complete, whether or not the session has ended.</summary>
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

    /// <summary>A connection is over. The state is no longer Listening.</summary>
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

    /// <summary>Sets when the next attempt begins; <see langword="null"/> once it has begun.</summary>
    public void Plan(long run, DateTimeOffset? nextAttempt) => _current.Do(run, () =>
        state.Note(status => status with { NextAttemptAt = nextAttempt }));

    /// <summary>Replaces the explanation why there is no session.</summary>
    public void Explain(long run, string problem) => _current.Do(run, () =>
    {
        if (state.Status.State != ListenerState.Listening)
            state.Note(status => status with { Problem = problem });
    });

    /// <summary>Takes edits to send to the server.</summary>
    /// <returns><see langword="null"/> if the session is over.</returns>
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

    /// <summary>Everything that was sent up to a moment has arrived.</summary>
    /// <param name="session">The session.</param>
    /// <param name="timestamp">The moment.</param>
    public void Prove(SessionId session, long timestamp) => _current.Do(session, () => lastGood.Prove(timestamp));

    /// <summary>Adds to what is known about the server.</summary>
    public void Note(SessionId session, Func<ListenerStatus, ListenerStatus> change) => _current.Do(session, () => state.Note(change));

    /// <summary>The server listens to all wanted channels, and delivery is proven if it can be.</summary>
    /// <param name="session">The session.</param>
    /// <param name="begin">Executed before observers are notified.</param>
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

    /// <summary>Begins to wait for a proof.</summary>
    /// <returns>Whether it is awaited; <see langword="false"/> if the session is over.</returns>
    public bool BeginProof(Proof proof) => _current.Do(proof.Session, () => _proof = proof);

    /// <summary>A proof has arrived, or could not be sent.</summary>
    /// <returns>Whether that counts: the proof is awaited, and its session is the current one.</returns>
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

    /// <summary>Takes a query; <see langword="null"/> if there is none, or the session is over.</summary>
    public bool TryTakeQuery(SessionId session, SessionInbox inbox, [NotNullWhen(true)] out SessionQuery? query)
    {
        SessionQuery? taken = null;
        _current.Do(session, () => taken = inbox.TakeQuery());
        query = taken;
        return taken is not null;
    }

    /// <summary>A notification has arrived.</summary>
    public void Deliver(SessionId session, string channel, string payload, int processId, WakeUps wakeUps)
    {
        // The rest runs without a lock, so a delivery that began just before the end of its session may finish just after it.
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
