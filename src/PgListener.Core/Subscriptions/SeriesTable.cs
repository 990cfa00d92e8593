namespace PgListener.Subscriptions;

/// <summary>
/// The series that the metrics report, one for each name and channel of subscriptions. Ended subscriptions are included, because a counter
/// without them would go backwards. The number of ended series is limited, because an application may use ever new channels.
/// </summary>
internal sealed class SeriesTable
{
    internal const int MaxEnded = 1_000;

    private readonly Lock _sync = new();
    private readonly Dictionary<(string? Channel, string Name), SubscriptionSeries> _series = [];

    /// <summary>Subscriptions that were removed while a call was running, or something was left to read, which still counts.</summary>
    private readonly List<Subscription> _ending = [];
    private SubscriptionSeries[]? _current;
    private int _ended;

    /// <summary>All series.</summary>
    public IReadOnlyList<SubscriptionSeries> Current
    {
        get
        {
            lock (_sync)
            {
                Sweep();
                return _current ??= [.. _series.Values];
            }
        }
    }

    public void Add(Subscription subscription)
    {
        lock (_sync)
        {
            if (!_series.TryGetValue(subscription.Key, out var series))
            {
                _series.Add(subscription.Key, series = new(subscription.Key.Channel, subscription.Key.Name));
                _current = null;
            }
            else if (series.IsEmpty)
            {
                _ended--;
            }

            series.Add(subscription);
        }
    }

    /// <summary>The subscription was removed.</summary>
    public void Remove(Subscription subscription)
    {
        lock (_sync)
        {
            if (_series.TryGetValue(subscription.Key, out var series) && series.End(subscription))
                _ending.Add(subscription);
            Sweep();
        }
    }

    /// <summary>Sums up subscriptions that no longer count, and series of which there are too many.</summary>
    private void Sweep()
    {
        for (var i = _ending.Count - 1; i >= 0; i--)
        {
            var subscription = _ending[i];
            if (!subscription.HasEnded && _ending.Count <= MaxEnded)
                continue;

            _ending.RemoveAt(i);
            var series = _series[subscription.Key];
            series.SumUp(subscription);
            if (!series.IsEmpty)
                continue;

            if (_ended < MaxEnded)
            {
                _ended++;
            }
            else
            {
                _series.Remove(subscription.Key);
                _current = null;
            }
        }
    }
}
