using PgListener.Telemetry;

namespace PgListener.Subscriptions;

/// <summary>The counts of all subscriptions of one name and channel, including ended ones, and how full their queues are now.</summary>
internal sealed class SubscriptionSeries(string? channel, string name) : MetricSeries(channel, name)
{
    private readonly Lock _sync = new();
    private readonly HashSet<Subscription> _alive = [];

    // Most subscriptions never end.
    private HashSet<Subscription>? _ending;
    private SubscriptionCounters? _ended;

    /// <summary>Whether only sums are left.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_sync)
                return _alive.Count == 0 && _ending is not { Count: > 0 };
        }
    }

    public override bool IsAlive
    {
        get
        {
            lock (_sync)
                return _alive.Count > 0;
        }
    }

    public override bool HasQueues => true;

    public override long Received => Sum(static counters => counters.Received);

    public override long Processed => Sum(static counters => counters.Processed);

    public override long Dropped => Sum(static counters => counters.Dropped);

    public override long Replaced => Sum(static counters => counters.Replaced);

    public override long Discarded => Sum(static counters => counters.Discarded);

    public override long Queued => SumAlive(static subscription => subscription.Fill.Held);

    public override long QueuedBytes => SumAlive(static subscription => subscription.Fill.HeldBytes);

    public override long QueueCapacity => SumAlive(static subscription => subscription.Fill.Limits.Capacity);

    public override long QueueCapacityBytes => SumAlive(static subscription => subscription.Fill.Limits.CapacityBytes);

    public override long Hanging => SumAlive(static subscription => subscription.Hanging?.Count ?? 0);

    public void Add(Subscription subscription)
    {
        lock (_sync)
            _alive.Add(subscription);
    }

    /// <summary>The subscription was removed; its outstanding work still counts.</summary>
    /// <returns>Whether it was part of this series.</returns>
    public bool End(Subscription subscription)
    {
        lock (_sync)
            return _alive.Remove(subscription) && (_ending ??= []).Add(subscription);
    }

    /// <summary>Only the counts of a subscription are left.</summary>
    public void SumUp(Subscription subscription)
    {
        lock (_sync)
        {
            if (_ending?.Remove(subscription) == true)
                (_ended ??= new(TimeProvider.System)).Add(subscription.Counters);
        }
    }

    public override long Gaps(ResyncReason reason) => Sum(static (counters, reason) => counters.GapsOf(reason), reason);

    public override IReadOnlyCollection<KeyValuePair<string, long>> Errors()
    {
        if (Sum(static counters => counters.Failed) == 0)
            return [];

        var sums = new Dictionary<string, long>(StringComparer.Ordinal);
        lock (_sync)
        {
            foreach (var (error, count) in _alive.Concat(_ending ?? []).SelectMany(static subscription => subscription.Counters.Errors).Concat(_ended?.Errors ?? []))
                sums[error] = sums.GetValueOrDefault(error) + count;
        }

        return sums;
    }

    private long Sum(Func<SubscriptionCounters, long> select) => Sum(static (counters, select) => select(counters), select);

    private long Sum<T>(Func<SubscriptionCounters, T, long> select, T argument)
    {
        lock (_sync)
            return (_ended is null ? 0 : select(_ended, argument)) + SumOf(_alive) + (_ending is null ? 0 : SumOf(_ending));

        long SumOf(HashSet<Subscription> subscriptions)
        {
            var sum = 0L;
            foreach (var subscription in subscriptions)
                sum += select(subscription.Counters, argument);
            return sum;
        }
    }

    private long SumAlive(Func<Subscription, long> select)
    {
        lock (_sync)
        {
            var sum = 0L;
            foreach (var subscription in _alive)
            {
                var one = select(subscription);
                sum = one > long.MaxValue - sum ? long.MaxValue : sum + one;
            }

            return sum;
        }
    }
}
