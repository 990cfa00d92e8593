namespace PgListener.Subscriptions;

/// <summary>
/// The last moment up to which every notification is proven to have arrived: LISTEN, an answered question, or a notification
/// that went through the server and came back, each counted from before it was sent. It is a timestamp, which does not change when the clock is set.
/// </summary>
internal sealed class LastGood
{
    private const long None = long.MinValue;

    private long _timestamp = None;

    /// <summary>Its timestamp; <see langword="null"/> when nothing was proven yet.</summary>
    public long? Timestamp => Interlocked.Read(ref _timestamp) is var timestamp and not None ? timestamp : null;

    public void Prove(long timestamp) => Interlocked.Exchange(ref _timestamp, timestamp);
}
