namespace PgListener.Dispatch;

/// <summary>The counts of all subscriptions of one name and channel, those that have ended among them; and how full their queues are now.</summary>
internal sealed class SubscriptionTotals
{
    public long Received { get; private set; }

    public long Processed { get; private set; }

    public long Dropped { get; private set; }

    public long Replaced { get; private set; }

    public long Discarded { get; private set; }

    public long[] Gaps { get; } = new long[Enum.GetValues<ResyncReason>().Length];

    public Dictionary<string, long> Errors { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether there is one that has not ended.</summary>
    public bool IsAlive { get; private set; }

    public long Queued { get; private set; }

    public long QueuedBytes { get; private set; }

    public long QueueCapacity { get; private set; }

    public long QueueCapacityBytes { get; private set; }

    public void Add(SubscriptionCounters counters)
    {
        // What comes later on a notification's way is read first, so that the differences never go below zero.
        foreach (var (error, count) in counters.Errors)
            Errors[error] = Errors.GetValueOrDefault(error) + count;
        var gaps = counters.GapsByReason;
        for (var reason = 0; reason < gaps.Length; reason++)
            Gaps[reason] += gaps[reason];
        Processed += counters.Processed;
        Discarded += counters.Discarded;
        Replaced += counters.Replaced;
        Dropped += counters.Dropped;
        Received += counters.Received;
    }

    public void Add(SubscriptionTotals other)
    {
        foreach (var (error, count) in other.Errors)
            Errors[error] = Errors.GetValueOrDefault(error) + count;
        for (var reason = 0; reason < Gaps.Length; reason++)
            Gaps[reason] += other.Gaps[reason];
        Received += other.Received;
        Processed += other.Processed;
        Dropped += other.Dropped;
        Replaced += other.Replaced;
        Discarded += other.Discarded;
    }

    public void AddQueue(SubscriptionStatistics queue)
    {
        IsAlive = true;
        Queued += queue.Queued;
        QueuedBytes += queue.QueuedBytes;
        QueueCapacity += queue.QueueCapacity;
        QueueCapacityBytes = queue.QueueCapacityBytes > long.MaxValue - QueueCapacityBytes ? long.MaxValue : QueueCapacityBytes + queue.QueueCapacityBytes;
    }
}
