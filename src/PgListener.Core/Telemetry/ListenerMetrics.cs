using System.Diagnostics.Metrics;
using PgListener.Routing;
using PgListener.Session;
using PgListener.Subscriptions;

using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace PgListener.Telemetry;

/// <summary>
/// The instruments of one listener. Nearly all of them are observed: they read counts that are kept anyway, when somebody
/// collects. Only durations are recorded, and timed only when somebody wants them.
/// </summary>
internal sealed class ListenerMetrics : IDisposable
{
    /// <summary>As OpenTelemetry's conventions for messaging advise.</summary>
    internal static readonly InstrumentAdvice<double> Durations = new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] };

    private readonly Meter _meter;
    private readonly ErrorCounts _connectionErrors = new();
    private volatile bool _disposed;

    /// <summary>Makes the instruments for durations.</summary>
    /// <param name="factory">Where the meter comes from, and who disposes of it; without one the listener has a meter of its own.</param>
    /// <param name="name">The listener's name; empty for one without.</param>
    public ListenerMetrics(IMeterFactory? factory, string name)
    {
        Name = name;
        _meter = MeterOf(factory);
        ProcessDuration = _meter.CreateHistogram(
            PgListenerInstruments.ProcessDuration, PgListenerInstruments.SecondUnit, "How long a callback took for a notification.", tags: null, Durations);
        ResyncDuration = _meter.CreateHistogram(
            PgListenerInstruments.ResyncDuration, PgListenerInstruments.SecondUnit, "How long it took to deal with the announcement of a gap.", tags: null, Durations);
    }

    public string Name { get; }

    public Histogram<double> ProcessDuration { get; }

    public Histogram<double> ResyncDuration { get; }

    /// <summary>The meter of a factory, which disposes of it, or one of the caller's own, who has to do so himself.</summary>
    public static Meter MeterOf(IMeterFactory? factory)
    {
        var options = new MeterOptions(PgListenerDiagnostics.MeterName) { Version = PgListenerDiagnostics.Version };
        return factory?.Create(options) ?? new Meter(options);
    }

    /// <summary>Makes the instruments that are observed.</summary>
    public void Observe(ChannelTable channels, StateMachine state)
    {
        ObserveSubscriptions(channels);
        Counter(PgListenerInstruments.Reconnects, PgListenerInstruments.ReconnectUnit, "How often a lost connection was made again.",
            () => [new(state.Reconnects, Tags())]);
        Counter(PgListenerInstruments.ConnectionErrors, PgListenerInstruments.ErrorUnit, "Lost connections and failed attempts to connect and listen.",
            () => [.. _connectionErrors.ToArray().Select(error => new Measurement<long>(error.Value, Tags(new Tag(PgListenerTags.ErrorType, error.Key))))]);
        UpDown(PgListenerInstruments.ConnectionState, PgListenerInstruments.StateUnit, "1 for the state the listener is in, 0 for the others.", () => StatesOf(state.Status.State));
        Gauge(PgListenerInstruments.RoundTrip, PgListenerInstruments.SecondUnit, "How long the latest notification took that was sent through the server to prove that they arrive.",
            () => state.Status.RoundTrip?.TotalSeconds);
        Gauge(PgListenerInstruments.ServerQueueUsage, PgListenerInstruments.RatioUnit, "How full the server's notification queue was when it was last looked at.",
            () => state.Status.QueueUsage);
    }

    public void ConnectionFailed(Exception error) => _connectionErrors.Add(ErrorType.Of(error));

    /// <summary>From now on nothing is reported. A factory's meter outlives the listener, so that this cannot be left to it.</summary>
    public void Dispose()
    {
        _disposed = true;
        _meter.Dispose(); // Of a factory's meter this does nothing.
    }

    private void ObserveSubscriptions(ChannelTable channels)
    {
        Counter(PgListenerInstruments.ConsumedMessages, PgListenerInstruments.MessageUnit, "Notifications that arrived for a subscription.",
            () => Each(channels, PgListenerTags.Receive, static totals => totals.Received));
        Counter(PgListenerInstruments.Processed, PgListenerInstruments.MessageUnit, "Notifications that were dealt with, successfully or not.",
            () => Each(channels, operation: null, static totals => totals.Processed));
        Counter(PgListenerInstruments.Failed, PgListenerInstruments.MessageUnit, "Notifications whose callback failed.",
            () => Each(channels, PgListenerTags.ErrorType, static totals => totals.Errors));
        Counter(PgListenerInstruments.Dropped, PgListenerInstruments.MessageUnit, "Notifications that arrived and never reached their callback or reader.",
            () => Each(channels, PgListenerTags.DropReason, static totals =>
            [
                new(PgListenerTags.Overflow, totals.Dropped),
                new(PgListenerTags.Replaced, totals.Replaced),
                new(PgListenerTags.Discarded, totals.Discarded),
            ]));
        Counter(PgListenerInstruments.Gaps, PgListenerInstruments.GapUnit, "Announcements that notifications may have been missed.",
            () => Each(channels, PgListenerTags.GapReason, static totals =>
                Enum.GetValues<ResyncReason>().Select(reason => new KeyValuePair<string, long>(NameOf(reason), totals.Gaps[(int)reason]))));
        UpDown(PgListenerInstruments.QueueUsage, PgListenerInstruments.MessageUnit, "Notifications that wait in a subscription's queue or are in work.",
            () => EachAlive(channels, static totals => totals.Queued));
        UpDown(PgListenerInstruments.QueueLimit, PgListenerInstruments.MessageUnit, "How many notifications a subscription's queue may hold.",
            () => EachAlive(channels, static totals => totals.QueueCapacity));
        UpDown(PgListenerInstruments.QueueMemoryUsage, PgListenerInstruments.ByteUnit, "The memory of what a subscription's queue holds.",
            () => EachAlive(channels, static totals => totals.QueuedBytes));
        UpDown(PgListenerInstruments.QueueMemoryLimit, PgListenerInstruments.ByteUnit, "How much memory the content of a subscription's queue may take.",
            () => EachAlive(channels, static totals => totals.QueueCapacityBytes));
    }

    internal static string NameOf(ResyncReason reason) => reason switch
    {
        ResyncReason.Started => "started",
        ResyncReason.Reconnected => "reconnected",
        _ => "overflow",
    };

    private static string NameOf(ListenerState state) => state switch
    {
        ListenerState.Stopped => "stopped",
        ListenerState.Connecting => "connecting",
        ListenerState.Listening => "listening",
        ListenerState.Reconnecting => "reconnecting",
        _ => "stopping",
    };

    private Tag[] Tags(params ReadOnlySpan<Tag> more) => Name.Length > 0 ? [.. more, new(PgListenerTags.Listener, Name)] : [.. more];

    private IEnumerable<Measurement<long>> StatesOf(ListenerState current)
        => [.. Enum.GetValues<ListenerState>().Select(state => new Measurement<long>(state == current ? 1 : 0, Tags(new Tag(PgListenerTags.State, NameOf(state)))))];

    private IEnumerable<Measurement<long>> Each(ChannelTable channels, string? operation, Func<SubscriptionTotals, long> select)
        => channels.Totals().Select(entry => new Measurement<long>(select(entry.Value), SubscriptionTags.Of(Name, entry.Key.Channel, entry.Key.Name, operation)));

    private IEnumerable<Measurement<long>> EachAlive(ChannelTable channels, Func<SubscriptionTotals, long> select)
        => channels.Totals().Where(static entry => entry.Value.IsAlive)
            .Select(entry => new Measurement<long>(select(entry.Value), SubscriptionTags.Of(Name, entry.Key.Channel, entry.Key.Name, operation: null)));

    /// <summary>One measurement for each value that there is of a further tag.</summary>
    private IEnumerable<Measurement<long>> Each(ChannelTable channels, string tag, Func<SubscriptionTotals, IEnumerable<KeyValuePair<string, long>>> select)
        => channels.Totals().SelectMany(entry => select(entry.Value)
            .Select(count => new Measurement<long>(count.Value, SubscriptionTags.Of(Name, entry.Key.Channel, entry.Key.Name, operation: null, new Tag(tag, count.Key)))));

    private void Counter(string name, string unit, string description, Func<IEnumerable<Measurement<long>>> observe)
        => _meter.CreateObservableCounter(name, () => _disposed ? [] : observe(), unit, description);

    private void UpDown(string name, string unit, string description, Func<IEnumerable<Measurement<long>>> observe)
        => _meter.CreateObservableUpDownCounter(name, () => _disposed ? [] : observe(), unit, description);

    private void Gauge(string name, string unit, string description, Func<double?> observe)
        => _meter.CreateObservableGauge<double>(name, () => !_disposed && observe() is { } value ? [new(value, Tags())] : [], unit, description);
}
