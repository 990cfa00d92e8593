using System.Diagnostics.Metrics;
using PgListener.Durable.Operations;
using PgListener.Telemetry;

namespace PgListener.Durable.Telemetry;

/// <summary>The metrics of the durable channels of one listener. All instruments are observable: when metrics are collected, they read counts that are kept anyway.</summary>
internal sealed class DurableMetrics : IDisposable
{
    private readonly Meter? _ownMeter;
    private readonly DurableMeter _meter;
    private readonly string _listener;

    public DurableMetrics(IMeterFactory? factory, string listener, LocalStatistics statistics, DurableWatch watch, TimeProvider time)
    {
        (_listener, Statistics, Watch, Time) = (listener, statistics, watch, time);
        var meter = MeterSource.Of(factory);
        _ownMeter = factory is null ? meter : null;
        _meter = DurableMeter.Of(meter);
        _meter.Add(this);
    }

    public LocalStatistics Statistics { get; }

    public DurableWatch Watch { get; }

    public TimeProvider Time { get; }

    /// <summary>The tags of a subscription's measurements, as plain handlers have them.</summary>
    public KeyValuePair<string, object?>[] TagsOf(DurableSubscriptionName name) => SubscriptionTags.Of(_listener, name.Channel, name.Handler, operation: null);

    /// <summary>The tags of the listener's measurements.</summary>
    public KeyValuePair<string, object?>[] Tags() => SubscriptionTags.Of(_listener, channel: null, subscription: null, operation: null);

    public void Dispose()
    {
        _meter.Remove(this);
        _ownMeter?.Dispose();
    }
}
