namespace PgListener.Session;

/// <summary>
/// Knows the current run of the listener, and its current session. No other code compares them. A result of an earlier one (an answer, a
/// verdict, a beginning, an end) is ignored, however late it arrives.
/// </summary>
internal sealed class CurrentSession
{
    private readonly Lock _sync = new();
    private long _runs;
    private long _sessions;
    private long _run;
    private long _session;

    /// <summary>Begins a run: from now on it is the current one, and has no session yet.</summary>
    /// <param name="begin">Executed under the lock, as part of the beginning.</param>
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
    /// <param name="end">Executed under the lock, as part of the end.</param>
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
    /// <param name="begin">Executed under the lock, as part of the beginning.</param>
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
    /// <param name="end">Executed under the lock, as part of the end.</param>
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

    /// <summary>Applies a result of a session, if the session is the current one. It remains the current one meanwhile.</summary>
    /// <returns>Whether the result was applied.</returns>
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

    /// <summary>Applies a result of a run, if the run is the current one. It remains the current one meanwhile.</summary>
    /// <returns>Whether the result was applied.</returns>
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
