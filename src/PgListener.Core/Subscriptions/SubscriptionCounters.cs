using PgListener.Telemetry;

namespace PgListener.Subscriptions;

/// <summary>Counts for one subscription, through all its queues.</summary>
/// <param name="time">The clock.</param>
internal sealed class SubscriptionCounters(TimeProvider time)
{
    private const long Never = 0;

    private static readonly int Reasons = Enum.GetValues<ResyncReason>().Length;

    private ErrorCounts? _errors;
    private readonly long[] _gaps = new long[Reasons];
    private long _received;
    private long _processed;
    private long _failed;
    private long _dropped;
    private long _replaced;
    private long _discarded;
    private long _lastFailedAt = Never;
    private long _lastDroppedAt = Never;

    public long Received => Volatile.Read(ref _received);

    public long Processed => Volatile.Read(ref _processed);

    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Notifications that were dropped because the queue was full.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Notifications that a newer one replaced.</summary>
    public long Replaced => Volatile.Read(ref _replaced);

    /// <summary>Notifications that were left when the subscription or the listener ended.</summary>
    public long Discarded => Volatile.Read(ref _discarded);

    public DateTimeOffset? LastFailedAt => ToMoment(Volatile.Read(ref _lastFailedAt));

    public DateTimeOffset? LastDroppedAt => ToMoment(Volatile.Read(ref _lastDroppedAt));

    /// <summary>Gaps of all reasons for which something was missed: neither the start nor <see cref="ResyncReason.Everything"/>.</summary>
    public long Gaps
    {
        get
        {
            var sum = 0L;
            for (var reason = 0; reason < _gaps.Length; reason++)
            {
                if (ResyncReasons.IsLoss((ResyncReason)reason))
                    sum += Volatile.Read(ref _gaps[reason]);
            }

            return sum;
        }
    }

    public KeyValuePair<string, long>[] Errors => Volatile.Read(ref _errors)?.ToArray() ?? [];

    public long GapsOf(ResyncReason reason) => Volatile.Read(ref _gaps[(int)reason]);

    /// <summary>Only one session at a time receives.</summary>
    public void Receive() => Volatile.Write(ref _received, _received + 1);

    /// <summary>Only one session at a time drops.</summary>
    public void Drop()
    {
        Volatile.Write(ref _dropped, _dropped + 1);
        Volatile.Write(ref _lastDroppedAt, time.GetUtcNow().UtcTicks);
    }

    /// <summary>Only one session at a time replaces.</summary>
    public void Replace() => Volatile.Write(ref _replaced, _replaced + 1);

    public void Discard() => Interlocked.Increment(ref _discarded);

    public void Process(int notifications) => Interlocked.Add(ref _processed, notifications);

    public void Fail(string errorType)
    {
        Interlocked.Increment(ref _failed);
        Volatile.Write(ref _lastFailedAt, time.GetUtcNow().UtcTicks);
        CountsOfErrors().Add(errorType);
    }

    public void Announce(ResyncReason reason) => Interlocked.Increment(ref _gaps[(int)reason]);

    /// <summary>Adds the counts of another. Nothing else may use this one at the same time.</summary>
    public void Add(SubscriptionCounters other)
    {
        _received += other.Received;
        _processed += other.Processed;
        _failed += other.Failed;
        _dropped += other.Dropped;
        _replaced += other.Replaced;
        _discarded += other.Discarded;
        for (var reason = 0; reason < _gaps.Length; reason++)
            _gaps[reason] += other.GapsOf((ResyncReason)reason);
        foreach (var (error, count) in other.Errors)
            CountsOfErrors().Add(error, count);
    }

    private ErrorCounts CountsOfErrors() => LazyInitializer.EnsureInitialized(ref _errors, static () => new());

    private static DateTimeOffset? ToMoment(long ticks) => ticks == Never ? null : new(ticks, TimeSpan.Zero);
}
