namespace PgListener.Health;

/// <summary>Measures how long a state has lasted, regardless of changes to the clock.</summary>
internal sealed class OutageClock(TimeProvider time)
{
    private readonly Lock _sync = new();
    private DateTimeOffset _since;
    private TimeSpan _before;
    private long _seen;

    /// <summary>The time that has passed since a moment. The part before the first call is taken from the clock; the rest is measured.</summary>
    public TimeSpan Lasted(DateTimeOffset since)
    {
        lock (_sync)
        {
            if (since != _since)
            {
                _since = since;
                _seen = time.GetTimestamp();
                var before = time.GetUtcNow() - since;
                _before = before > TimeSpan.Zero ? before : TimeSpan.Zero;
            }

            return _before + time.GetElapsedTime(_seen);
        }
    }
}
