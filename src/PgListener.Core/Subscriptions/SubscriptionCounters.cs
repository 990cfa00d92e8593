using PgListener.Telemetry;


namespace PgListener.Subscriptions;

/// <summary>Counts for one subscription, through all its queues.</summary>
internal sealed class SubscriptionCounters
{
    private readonly ErrorCounts _errors = new();
    private readonly long[] _gaps = new long[Enum.GetValues<ResyncReason>().Length];
    private long _received;
    private long _processed;
    private long _failed;
    private long _dropped;
    private long _replaced;
    private long _discarded;

    public long Received => Volatile.Read(ref _received);

    public long Processed => Volatile.Read(ref _processed);

    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Those that found the queue full.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Those whose place a newer one took.</summary>
    public long Replaced => Volatile.Read(ref _replaced);

    /// <summary>Those that were left when the subscription or the listener ended.</summary>
    public long Discarded => Volatile.Read(ref _discarded);

    public long Gaps => GapsByReason.Sum();

    /// <summary>One count for each <see cref="ResyncReason"/>.</summary>
    public long[] GapsByReason => [.. Enumerable.Range(0, _gaps.Length).Select(reason => Volatile.Read(ref _gaps[reason]))];

    public KeyValuePair<string, long>[] Errors => _errors.ToArray();

    /// <summary>Only the one session there is receives.</summary>
    public void Receive() => Volatile.Write(ref _received, _received + 1);

    /// <summary>Only the one session there is drops.</summary>
    public void Drop() => Volatile.Write(ref _dropped, _dropped + 1);

    /// <summary>Only the one session there is replaces.</summary>
    public void Replace() => Volatile.Write(ref _replaced, _replaced + 1);

    public void Discard() => Interlocked.Increment(ref _discarded);

    public void Process(int notifications) => Interlocked.Add(ref _processed, notifications);

    public void Fail(string errorType)
    {
        Interlocked.Increment(ref _failed);
        _errors.Add(errorType);
    }

    public void Announce(ResyncReason reason) => Interlocked.Increment(ref _gaps[(int)reason]);
}
