namespace PgListener.Subscriptions;

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

    // What comes later on a notification's way is read first, so that the differences never go below zero.
    public void Add(SubscriptionCounters counters)
        => Add(counters.Errors, counters.GapsByReason, counters.Processed, counters.Discarded, counters.Replaced, counters.Dropped, counters.Received);

    public void Add(SubscriptionTotals other)
        => Add(other.Errors, other.Gaps, other.Processed, other.Discarded, other.Replaced, other.Dropped, other.Received);

    public void AddQueue(SubscriptionStatistics queue)
    {
        IsAlive = true;
        Queued += queue.Queued;
        QueuedBytes += queue.QueuedBytes;
        QueueCapacity += queue.QueueCapacity;
        QueueCapacityBytes = queue.QueueCapacityBytes > long.MaxValue - QueueCapacityBytes ? long.MaxValue : QueueCapacityBytes + queue.QueueCapacityBytes;
    }

    private void Add(IEnumerable<KeyValuePair<string, long>> errors, long[] gaps, long processed, long discarded, long replaced, long dropped, long received)
    {
        foreach (var (error, count) in errors)
            Errors[error] = Errors.GetValueOrDefault(error) + count;
        for (var reason = 0; reason < gaps.Length; reason++)
            Gaps[reason] += gaps[reason];
        Processed += processed;
        Discarded += discarded;
        Replaced += replaced;
        Dropped += dropped;
        Received += received;
    }
}
