namespace PgListener.UnitTests;

/// <summary>Another clock, of whose timers a test hears.</summary>
/// <param name="inner">The clock.</param>
/// <param name="onDue">Called when a timer is due, just before its callback.</param>
internal sealed class HookedTime(TimeProvider inner, Action onDue) : TimeProvider
{
    public override long TimestampFrequency => inner.TimestampFrequency;

    public override long GetTimestamp() => inner.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        => inner.CreateTimer(
            given =>
            {
                onDue();
                callback(given);
            },
            state,
            dueTime,
            period);
}
