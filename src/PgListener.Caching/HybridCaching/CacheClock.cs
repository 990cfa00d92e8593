namespace PgListener.HybridCaching;

/// <summary>
/// The clock of the inner cache, which compares the moments at which values were created and tags were removed. It only goes forward, and never lags behind the moment of a removal
/// that it has heard of, so that clocks of instances which differ do not turn a removal into one that came before the value.
/// </summary>
internal sealed class CacheClock(TimeProvider clock) : TimeProvider
{
    private static readonly TimeSpan MaxAhead = TimeSpan.FromHours(1);

    [ThreadStatic]
    private static long? _given;

    private long _latest;

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override long TimestampFrequency => clock.TimestampFrequency;

    /// <summary>Each time is later than the one before, because a value is taken for removed if it is not newer than the removal of its tag.</summary>
    public override DateTimeOffset GetUtcNow()
    {
        if (_given is { } given)
            return new(given, TimeSpan.Zero);

        var system = clock.GetUtcNow().UtcTicks;
        while (true)
        {
            var latest = Volatile.Read(ref _latest);
            var next = Math.Max(system, latest + 1);
            if (Interlocked.CompareExchange(ref _latest, next, latest) == latest)
                return new(next, TimeSpan.Zero);
        }
    }

    /// <summary>Another instance has removed something at a moment, in ticks. One that is far ahead is not followed, so that a wrong clock is not passed on to all.</summary>
    public void Hear(long ticks)
    {
        if (ticks > (clock.GetUtcNow() + MaxAhead).UtcTicks)
            return;

        var latest = Volatile.Read(ref _latest);
        while (latest < ticks && Interlocked.CompareExchange(ref _latest, ticks, latest) is var found && found != latest)
            latest = found;
    }

    /// <summary>Calls code for which it is a given moment, in ticks.</summary>
    public static ValueTask At(long ticks, Func<ValueTask> action)
    {
        _given = ticks;
        try
        {
            return action();
        }
        finally
        {
            _given = null;
        }
    }

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => clock.CreateTimer(callback, state, dueTime, period);
}
