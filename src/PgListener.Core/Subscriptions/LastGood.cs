namespace PgListener.Subscriptions;

/// <summary>
/// The last moment up to which every notification is proven to have arrived: LISTEN, an answered question, or a notification
/// that went through the server and came back, each counted from before it was sent.
/// </summary>
internal sealed class LastGood
{
    private long _utcTicks;

    public DateTimeOffset? Value => Interlocked.Read(ref _utcTicks) is > 0 and var ticks ? new(ticks, TimeSpan.Zero) : null;

    public void Prove(DateTimeOffset moment) => Interlocked.Exchange(ref _utcTicks, moment.UtcTicks);
}
