namespace PgListener.Durable.Membership;

/// <summary>How the coordination goes, for health and statistics. Thread-safe.</summary>
internal sealed class CoordinationState(TimeProvider time)
{
    private readonly Lock _sync = new();
    private long _looks;
    private long _looksWithNews;
    private long _wakeUps;
    private string? _problem;
    private bool _isWorking;
    private bool _isQuiet;
    private bool _hasWorked;
    private long _since = time.GetTimestamp();

    public long Looks => Interlocked.Read(ref _looks);

    public long LooksWithNews => Interlocked.Read(ref _looksWithNews);

    public long WakeUps => Interlocked.Read(ref _wakeUps);

    /// <summary>Whether it works, whether it ever has, how long this has lasted, and why it does not.</summary>
    public (bool IsWorking, bool HasWorked, TimeSpan For, string? Problem) Current
    {
        get
        {
            lock (_sync)
                return (_isWorking, _hasWorked, time.GetElapsedTime(_since), _problem);
        }
    }

    /// <summary>Whether, as of the latest look, this process holds all shards of its subscriptions, and each of them has read everything.</summary>
    public bool IsQuiet
    {
        get => Volatile.Read(ref _isQuiet);
        set => Volatile.Write(ref _isQuiet, value);
    }

    /// <summary>The subscriptions are registered, and the looks begin.</summary>
    public void Works()
    {
        lock (_sync)
            (_isWorking, _hasWorked, _problem, _since) = (true, true, null, time.GetTimestamp());
    }

    /// <summary>The session was lost, or an attempt to begin one has failed.</summary>
    public void Failed(string problem)
    {
        IsQuiet = false;
        lock (_sync)
        {
            if (_isWorking)
                _since = time.GetTimestamp();
            (_isWorking, _problem) = (false, problem);
        }
    }

    public void NoteLook() => Interlocked.Increment(ref _looks);

    public void NoteNews() => Interlocked.Increment(ref _looksWithNews);

    public void NoteWakeUp() => Interlocked.Increment(ref _wakeUps);
}
