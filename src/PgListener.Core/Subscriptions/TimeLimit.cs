namespace PgListener.Subscriptions;

/// <summary>The time limit of one call, which remembers how long it was: the setting may change meanwhile.</summary>
internal sealed class TimeLimit(TimeSpan after, TimeProvider time) : CancellationTokenSource(after, time)
{
    public TimeSpan After { get; } = after;
}
