using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace PgListener.Telemetry;

/// <summary>
/// The instruments of one meter, created once for all listeners that share it. It refers to them weakly, because a factory's meter lives as long as the
/// process and must not keep a listener alive.
/// </summary>
internal sealed class MeterInstruments
{
    private static readonly ConditionalWeakTable<Meter, MeterInstruments> Known = [];

    private readonly Lock _sync = new();
    private readonly List<WeakReference<ListenerMetrics>> _listeners = [];
    private readonly Meter _meter;

    private MeterInstruments(Meter meter)
    {
        _meter = meter;
        ProcessDuration = meter.CreateHistogram(
            PgListenerInstruments.ProcessDuration, PgListenerInstruments.SecondUnit, "How long a callback took for a notification.", tags: null, MeterSource.Durations);
        ResyncDuration = meter.CreateHistogram(
            PgListenerInstruments.ResyncDuration, PgListenerInstruments.SecondUnit, "How long it took to handle the announcement of a gap.", tags: null, MeterSource.Durations);
        ObserveCounts();
        ObserveQueuesAndCalls();
        ObserveConnection();
    }

    public Histogram<double> ProcessDuration { get; }

    public Histogram<double> ResyncDuration { get; }

    public static MeterInstruments Of(Meter meter) => Known.GetValue(meter, static key => new(key));

    /// <summary>From now on the instruments report the listener.</summary>
    public void Add(ListenerMetrics listener)
    {
        lock (_sync)
            _listeners.Add(new(listener));
    }

    /// <summary>From now on the listener is not reported.</summary>
    public void Remove(ListenerMetrics listener)
    {
        lock (_sync)
            _listeners.RemoveAll(known => !known.TryGetTarget(out var alive) || alive == listener);
    }

    private void ObserveCounts()
    {
        Counter(PgListenerInstruments.ConsumedMessages, PgListenerInstruments.MessageUnit, "Notifications that arrived for a subscription.",
            static (series, name, into) => series.SayConsumed(name, into));
        Counter(PgListenerInstruments.Processed, PgListenerInstruments.MessageUnit, "Notifications that were handled, successfully or not.",
            static (series, name, into) => series.SayProcessed(name, into));
        Counter(PgListenerInstruments.Failed, PgListenerInstruments.MessageUnit, "Notifications whose callback failed.",
            static (series, name, into) => series.SayFailed(name, into));
        Counter(PgListenerInstruments.Dropped, PgListenerInstruments.MessageUnit, "Notifications that arrived and never reached their callback or reader.",
            static (series, name, into) => series.SayDropped(name, into));
        Counter(PgListenerInstruments.Gaps, PgListenerInstruments.GapUnit, "Announcements that notifications may have been missed.",
            static (series, name, into) => series.SayGaps(name, into));
    }

    private void ObserveQueuesAndCalls()
    {
        UpDown(PgListenerInstruments.QueueUsage, PgListenerInstruments.MessageUnit, "Notifications that wait in a subscription's queue or are in progress.",
            static (series, name, into) => series.SayQueued(name, into));
        UpDown(PgListenerInstruments.QueueLimit, PgListenerInstruments.MessageUnit, "How many notifications a subscription's queue may hold.",
            static (series, name, into) => series.SayQueueCapacity(name, into));
        UpDown(PgListenerInstruments.QueueMemoryUsage, PgListenerInstruments.ByteUnit, "The memory of what a subscription's queue holds.",
            static (series, name, into) => series.SayQueuedBytes(name, into));
        UpDown(PgListenerInstruments.QueueMemoryLimit, PgListenerInstruments.ByteUnit, "How much memory a subscription's queue may take.",
            static (series, name, into) => series.SayQueueCapacityBytes(name, into));
        UpDown(PgListenerInstruments.Hanging, PgListenerInstruments.CallUnit, "Calls that are still running although their tokens were cancelled some time ago.",
            static (series, name, into) => series.SayHanging(name, into));
    }

    private void ObserveConnection()
    {
        Counter(PgListenerInstruments.Reconnects, PgListenerInstruments.ReconnectUnit, "How often a lost connection was established again.", static (listener, into) => listener.SayReconnects(into));
        Counter(PgListenerInstruments.ConnectionErrors, PgListenerInstruments.ErrorUnit, "Lost connections and failed attempts to connect and listen.", static (listener, into) => listener.SayErrors(into));
        UpDown(PgListenerInstruments.ConnectionState, PgListenerInstruments.StateUnit, "1 for the state the listener is in, 0 for the others.", static (listener, into) => listener.SayState(into));
        Gauge(PgListenerInstruments.RoundTrip, PgListenerInstruments.SecondUnit, "How long a notification took through the server when delivery was last proven.",
            static figures => figures.RoundTrip?.TotalSeconds);
        Gauge(PgListenerInstruments.ServerQueueUsage, PgListenerInstruments.RatioUnit, "How full the server's notification queue was when last checked.",
            static figures => figures.QueueUsage);
    }

    private void Counter(string name, string unit, string description, Action<MetricSeries, string, List<Measurement<long>>> say)
        => _meter.CreateObservableCounter(name, () => Observe(say), unit, description);

    private void Counter(string name, string unit, string description, Action<ListenerMetrics, List<Measurement<long>>> say)
        => _meter.CreateObservableCounter(name, () => Observe(say), unit, description);

    private void UpDown(string name, string unit, string description, Action<MetricSeries, string, List<Measurement<long>>> say)
        => _meter.CreateObservableUpDownCounter(name, () => Observe(say), unit, description);

    private void UpDown(string name, string unit, string description, Action<ListenerMetrics, List<Measurement<long>>> say)
        => _meter.CreateObservableUpDownCounter(name, () => Observe(say), unit, description);

    private void Gauge(string name, string unit, string description, Func<ListenerFigures, double?> read)
        => _meter.CreateObservableGauge<double>(name, () => ObserveGauge(read), unit, description);

    /// <summary>One series after the other, without a list of all measurements, because there may be ten thousand series.</summary>
    private IEnumerable<Measurement<long>> Observe(Action<MetricSeries, string, List<Measurement<long>>> say)
    {
        var measurements = new List<Measurement<long>>();
        foreach (var listener in Alive())
        {
            foreach (var series in listener.Series)
            {
                measurements.Clear();
                say(series, listener.Name, measurements);
                foreach (var measurement in measurements)
                    yield return measurement;
            }
        }
    }

    private List<Measurement<long>> Observe(Action<ListenerMetrics, List<Measurement<long>>> say)
    {
        var measurements = new List<Measurement<long>>();
        foreach (var listener in Alive())
            say(listener, measurements);
        return measurements;
    }

    private IEnumerable<Measurement<double>> ObserveGauge(Func<ListenerFigures, double?> read)
    {
        foreach (var listener in Alive())
        {
            if (read(listener.Figures) is { } value)
                yield return new(value, listener.Tags());
        }
    }

    private List<ListenerMetrics> Alive()
    {
        var alive = new List<ListenerMetrics>();
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
