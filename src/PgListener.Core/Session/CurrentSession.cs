namespace PgListener.Session;

/// <summary>
/// Which run of the listener, and which of its sessions, is the current one. This is the only place where that is compared. What
/// comes of an earlier one (an answer, a verdict, a beginning, an end) is ignored, whenever it comes.
/// </summary>
internal sealed class CurrentSession
{
    private readonly Lock _sync = new();
    private long _runs;
    private long _sessions;
    private long _run;
    private long _session;

    /// <summary>Begins a run: from now on it is the current one, and has no session yet.</summary>
    /// <param name="begin">What belongs to that moment.</param>
    /// <returns>The run.</returns>
    public long BeginRun(Action begin)
    {
        lock (_sync)
        {
            _run = ++_runs;
            Volatile.Write(ref _session, 0);
            begin();
            return _run;
        }
    }

    /// <summary>Ends a run, and its session if it has one.</summary>
    /// <param name="run">The run.</param>
    /// <param name="end">What belongs to that moment.</param>
    /// <returns>Whether it was the current one.</returns>
    public bool EndRun(long run, Action end)
    {
        lock (_sync)
        {
            if (run != _run)
                return false;

            _run = 0;
            Volatile.Write(ref _session, 0);
            end();
            return true;
        }
    }

    /// <summary>Begins a session, if its run is the current one.</summary>
    /// <param name="run">The run.</param>
    /// <param name="begin">What belongs to that moment.</param>
    /// <param name="session">The session.</param>
    /// <returns>Whether it has begun.</returns>
    public bool TryBeginSession(long run, Action begin, out SessionId session)
    {
        lock (_sync)
        {
            session = default;
            if (run != _run)
                return false;

            session = new(run, ++_sessions);
            Volatile.Write(ref _session, session.Number);
            begin();
            return true;
        }
    }

    /// <summary>Ends a session, if it is the current one.</summary>
    /// <param name="session">The session.</param>
    /// <param name="end">What belongs to that moment.</param>
    public void EndSession(SessionId session, Action end)
    {
        lock (_sync)
        {
            if (!Is(session))
                return;

            Volatile.Write(ref _session, 0);
            end();
        }
    }

    /// <summary>Whether a session is the current one. It may be over a moment later: see <see cref="Do(SessionId, Action)"/>.</summary>
    public bool Is(SessionId session) => session.Number != 0 && session.Number == Volatile.Read(ref _session);

    /// <summary>Does what a session has brought about, if it is the current one. It remains so while this is done.</summary>
    /// <returns>Whether it was done.</returns>
    public bool Do(SessionId session, Action outcome)
    {
        lock (_sync)
        {
            if (!Is(session))
                return false;

            outcome();
            return true;
        }
    }

    /// <summary>Does what a run has brought about, if it is the current one. It remains so while this is done.</summary>
    /// <returns>Whether it was done.</returns>
    public bool Do(long run, Action outcome)
    {
        lock (_sync)
        {
            if (run != _run)
                return false;

            outcome();
            return true;
        }
    }
}
