namespace PgListener.Dispatch;

/// <summary>Counts for one subscription, through all its queues.</summary>
internal sealed class SubscriptionCounters
{
    private long _received;
    private long _processed;
    private long _failed;
    private long _dropped;
    private long _gaps;

    public long Received => Volatile.Read(ref _received);

    public long Processed => Volatile.Read(ref _processed);

    public long Failed => Volatile.Read(ref _failed);

    public long Dropped => Volatile.Read(ref _dropped);

    public long Gaps => Volatile.Read(ref _gaps);

    /// <summary>Only the one session there is receives.</summary>
    public void Receive() => Volatile.Write(ref _received, _received + 1);

    /// <summary>Only the one session there is drops.</summary>
    public void Drop() => Volatile.Write(ref _dropped, _dropped + 1);

    public void Process(int notifications) => Interlocked.Add(ref _processed, notifications);

    public void Fail() => Interlocked.Increment(ref _failed);

    public void Announce() => Interlocked.Increment(ref _gaps);
}
