using PgListener.Routing;

namespace PgListener.Subscriptions;

/// <summary>
/// Keeps the counts of subscriptions that have ended, summed up by name and channel: a counter that forgot them would go
/// backwards. How many sums it keeps is limited, since an application may use ever new channels. Used under the lock of its <see cref="ChannelTable"/>.
/// </summary>
internal sealed class EndedSubscriptions
{
    internal const int MaxSums = 1_000;

    private readonly Dictionary<(string? Channel, string Name), SubscriptionTotals> _sums = [];
    private readonly List<Subscription> _ending = [];

    public IReadOnlyDictionary<(string? Channel, string Name), SubscriptionTotals> Sums => _sums;

    /// <summary>Those that were removed while a call of theirs was running, or something was left to read, which still counts.</summary>
    public IReadOnlyList<Subscription> Ending => _ending;

    public void Add(Subscription subscription)
    {
        _ending.Add(subscription);
        Sweep();
    }

    /// <summary>Sums up those that count no more, or of which there are too many.</summary>
    public void Sweep()
    {
        for (var i = _ending.Count - 1; i >= 0; i--)
        {
            var subscription = _ending[i];
            if (!subscription.HasEnded && _ending.Count <= MaxSums)
                continue;

            _ending.RemoveAt(i);
            if (_sums.TryGetValue(subscription.Key, out var sum))
                sum.Add(subscription.Counters);
            else if (_sums.Count < MaxSums)
                (_sums[subscription.Key] = new()).Add(subscription.Counters);
        }
    }
}
