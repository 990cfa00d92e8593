using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace PgListener.Durable.Telemetry;

/// <summary>The instruments of one meter, created once for all listeners that share it. It refers to them weakly, because a factory's meter lives as long as the process.</summary>
internal sealed class DurableMeter
{
    private static readonly ConditionalWeakTable<Meter, DurableMeter> Known = [];

    private readonly Lock _sync = new();
    private readonly List<WeakReference<DurableMetrics>> _listeners = [];

    private DurableMeter(Meter meter)
    {
        const string Message = PgListenerInstruments.MessageUnit;
        const string Second = PgListenerInstruments.SecondUnit;
        Counter(DurableInstruments.Retries, DurableInstruments.AttemptUnit, "Calls of a handler that were not the first attempt at a message.", static counts => counts.Retried);
        Counter(DurableInstruments.Parked, Message, "Messages that have stepped aside.", static counts => counts.Parked);
        Counter(DurableInstruments.Dead, Message, "Messages that became dead letters.", static counts => counts.Dead);
        Counter(DurableInstruments.PositionMoves, DurableInstruments.MoveUnit, "Moves of positions.", static counts => counts.Moves);
        meter.CreateObservableUpDownCounter(
            DurableInstruments.ShardsHeld, () => OfHandlers(static (counts, _) => (long)counts.Shards), DurableInstruments.ShardUnit, "Shards that this process holds.");
        meter.CreateObservableGauge(DurableInstruments.Blocked, () => OfHandlers(BlockedFor), Second, "How long a message has blocked a shard here.");
        meter.CreateObservableGauge(DurableInstruments.LagMessages, () => OfStatus(static status => status.LagMessages), Message, "Messages that wait in the log for a subscription.");
        meter.CreateObservableGauge(DurableInstruments.Lag, () => OfStatus(static status => status.Lag?.TotalSeconds ?? 0), Second, "The age of the oldest message that waits in the log for a subscription.");
        meter.CreateObservableGauge(DurableInstruments.DeadLetters, () => OfStatus(static status => status.DeadLetters), Message, "The dead letters of a subscription.");
        OfProcess(DurableInstruments.Looks, DurableInstruments.LookUnit, "Looks for new messages.", static listener => listener.Statistics.State.Looks);
        OfProcess(DurableInstruments.LooksWithNews, DurableInstruments.LookUnit, "Looks that have found something.", static listener => listener.Statistics.State.LooksWithNews);
        OfProcess(DurableInstruments.WakeUps, DurableInstruments.WakeUpUnit, "What has told of new messages.", static listener => listener.Statistics.State.WakeUps);

        void Counter(string name, string unit, string description, Func<DurableCounts, long> read)
            => meter.CreateObservableCounter(name, () => OfHandlers((counts, _) => read(counts)), unit, description);

        void OfProcess(string name, string unit, string description, Func<DurableMetrics, long> read)
            => meter.CreateObservableCounter(name, () => Alive().Select(listener => new Measurement<long>(read(listener), listener.Tags())), unit, description);
    }

    public static DurableMeter Of(Meter meter) => Known.GetValue(meter, static key => new(key));

    /// <summary>From now on the instruments report the listener.</summary>
    public void Add(DurableMetrics listener)
    {
        lock (_sync)
            _listeners.Add(new(listener));
    }

    /// <summary>From now on the listener is not reported.</summary>
    public void Remove(DurableMetrics listener)
    {
        lock (_sync)
            _listeners.RemoveAll(known => !known.TryGetTarget(out var alive) || alive == listener);
    }

    private static double BlockedFor(DurableCounts counts, DurableMetrics listener)
        => counts.Blockades is [var first, ..] ? Math.Max(0, (listener.Time.GetUtcNow() - first.Since).TotalSeconds) : 0;

    private IEnumerable<Measurement<T>> OfHandlers<T>(Func<DurableCounts, DurableMetrics, T> read)
        where T : struct
        => Alive().SelectMany(listener => listener.Statistics.Subscriptions.Select(entry => new Measurement<T>(read(entry.Value.Counts, listener), listener.TagsOf(entry.Key))));

    private IEnumerable<Measurement<T>> OfStatus<T>(Func<DurableSubscriptionStatus, T> read)
        where T : struct
        => Alive().SelectMany(listener => listener.Watch.Latest.Select(status => new Measurement<T>(read(status), listener.TagsOf(status.Name))));

    private List<DurableMetrics> Alive()
    {
        var alive = new List<DurableMetrics>();
        lock (_sync)
        {
            foreach (var known in _listeners)
            {
                if (known.TryGetTarget(out var listener))
                    alive.Add(listener);
            }
        }

        return alive;
    }
}
