namespace PgListener.HybridCaching;

/// <summary>
/// The clock of the inner cache, which compares the moments at which values were created and tags were removed. It never goes back, and never lags behind the moment of a removal
/// that it has heard of, so that clocks of instances which differ do not turn a removal into one that came before the value.
/// </summary>
internal sealed class CacheClock(TimeProvider clock) : TimeProvider
{
    [ThreadStatic]
    private static long? _given;

    private long _latest;

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow()
    {
        if (_given is { } given)
            return new(given, TimeSpan.Zero);

        return new(NoEarlierThan(clock.GetUtcNow().UtcTicks), TimeSpan.Zero);
    }

    /// <summary>Another instance has removed something at a moment, in ticks.</summary>
    public void Hear(long ticks)
    {
        if (ticks <= DateTimeOffset.MaxValue.UtcTicks)
            NoEarlierThan(ticks);
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

    private long NoEarlierThan(long ticks)
    {
        var latest = Volatile.Read(ref _latest);
        while (latest < ticks)
        {
            var found = Interlocked.CompareExchange(ref _latest, ticks, latest);
            if (found == latest)
                return ticks;
            latest = found;
        }

        return latest;
    }
}
