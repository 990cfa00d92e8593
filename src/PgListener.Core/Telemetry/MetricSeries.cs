using System.Diagnostics.Metrics;

using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace PgListener.Telemetry;

/// <summary>The values that the metrics report for the subscriptions of one name and channel. Each instrument reads only its own value.</summary>
internal abstract class MetricSeries(string? channel, string name)
{
    /// <summary>Those of notifications. <see cref="ResyncReason.Retention"/> is one of durable channels, and with <see cref="ResyncReason.Everything"/> nothing was missed.</summary>
    private static readonly ResyncReason[] Reasons = [ResyncReason.Started, ResyncReason.Reconnected, ResyncReason.Overflow];

    private readonly MetricLine?[] _gaps = new MetricLine?[Reasons.Length];
    private MetricLine? _received;
    private MetricLine? _processed;
    private MetricLine? _dropped;
    private MetricLine? _replaced;
    private MetricLine? _discarded;
    private MetricLine? _queued;
    private MetricLine? _queueCapacity;
    private MetricLine? _queuedBytes;
    private MetricLine? _queueCapacityBytes;
    private MetricLine? _hanging;

    /// <summary>Whether any of them has not ended.</summary>
    public abstract bool IsAlive { get; }

    /// <summary>Whether they have queues.</summary>
    public abstract bool HasQueues { get; }

    public abstract long Received { get; }

    public abstract long Processed { get; }

    public abstract long Dropped { get; }

    public abstract long Replaced { get; }

    public abstract long Discarded { get; }

    public abstract long Queued { get; }

    public abstract long QueuedBytes { get; }

    public abstract long QueueCapacity { get; }

    public abstract long QueueCapacityBytes { get; }

    public abstract long Hanging { get; }

    public abstract long Gaps(ResyncReason reason);

    /// <summary>How many notifications failed, by error.</summary>
    public abstract IReadOnlyCollection<KeyValuePair<string, long>> Errors();

    public void SayConsumed(string listener, List<Measurement<long>> into) => Say(ref _received, Received, listener, into, PgListenerTags.Receive);

    public void SayProcessed(string listener, List<Measurement<long>> into) => Say(ref _processed, Processed, listener, into);

    public void SayFailed(string listener, List<Measurement<long>> into)
    {
        foreach (var (error, count) in Errors())
            into.Add(new(count, SubscriptionTags.Of(listener, channel, name, operation: null, new Tag(PgListenerTags.ErrorType, error))));
    }

    public void SayDropped(string listener, List<Measurement<long>> into)
    {
        Say(ref _dropped, Dropped, listener, into, operation: null, PgListenerTags.DropReason, PgListenerTags.Overflow);
        Say(ref _replaced, Replaced, listener, into, operation: null, PgListenerTags.DropReason, PgListenerTags.Replaced);
        Say(ref _discarded, Discarded, listener, into, operation: null, PgListenerTags.DropReason, PgListenerTags.Discarded);
    }

    public void SayGaps(string listener, List<Measurement<long>> into)
    {
        foreach (var reason in Reasons)
            Say(ref _gaps[(int)reason], Gaps(reason), listener, into, operation: null, PgListenerTags.GapReason, SubscriptionTags.NameOf(reason));
    }

    public void SayQueued(string listener, List<Measurement<long>> into) => SayOfQueues(ref _queued, Queued, listener, into);

    public void SayQueueCapacity(string listener, List<Measurement<long>> into) => SayOfQueues(ref _queueCapacity, QueueCapacity, listener, into);

    public void SayQueuedBytes(string listener, List<Measurement<long>> into) => SayOfQueues(ref _queuedBytes, QueuedBytes, listener, into);

    public void SayQueueCapacityBytes(string listener, List<Measurement<long>> into) => SayOfQueues(ref _queueCapacityBytes, QueueCapacityBytes, listener, into);

    public void SayHanging(string listener, List<Measurement<long>> into)
    {
        if (IsAlive)
            Say(ref _hanging, Hanging, listener, into);
    }

    private void SayOfQueues(ref MetricLine? line, long value, string listener, List<Measurement<long>> into)
    {
        if (IsAlive && HasQueues)
            Say(ref line, value, listener, into);
    }

    /// <summary>Adds a value with its tags. Thread-safe.</summary>
    private void Say(ref MetricLine? line, long value, string listener, List<Measurement<long>> into, string? operation = null, string? key = null, string? tag = null)
    {
        var known = line;
        if (known is null)
            line = known = new(value, key is null ? SubscriptionTags.Of(listener, channel, name, operation) : SubscriptionTags.Of(listener, channel, name, operation, new Tag(key, tag)));
        else if (known.Measurement.Value != value)
            line = known = known.With(value);
        into.Add(known.Measurement);
    }
}
