using System.Diagnostics.Metrics;

using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace PgListener.Telemetry;

/// <summary>
/// The metrics of one listener. Nearly all instruments are observable: when metrics are collected, they read counts that are kept anyway.
/// Only durations are recorded, and measured only while they are collected.
/// </summary>
internal sealed class ListenerMetrics : IDisposable
{
    private readonly Meter? _ownMeter;
    private readonly MeterInstruments _instruments;
    private readonly ErrorCounts _connectionErrors = new();
    private Func<IReadOnlyList<MetricSeries>> _series = static () => [];
    private Func<ListenerFigures> _figures = static () => default;
    private IReadOnlyList<MetricSeries> _more = [];

    /// <summary>Finds or creates the instruments. Only durations are reported before <see cref="Observe"/>.</summary>
    /// <param name="factory">Creates and owns the meter; without one, the listener has a meter of its own.</param>
    /// <param name="name">The listener's name; empty for one without.</param>
    public ListenerMetrics(IMeterFactory? factory, string name)
    {
        Name = name;
        var meter = MeterSource.Of(factory);
        _ownMeter = factory is null ? meter : null;
        _instruments = MeterInstruments.Of(meter);
    }

    public string Name { get; }

    public Histogram<double> ProcessDuration => _instruments.ProcessDuration;

    public Histogram<double> ResyncDuration => _instruments.ResyncDuration;

    /// <summary>The present and the ended subscriptions.</summary>
    public IReadOnlyList<MetricSeries> Series => _more.Count == 0 ? _series() : [.. _series(), .. _more];

    /// <summary>The connection.</summary>
    public ListenerFigures Figures => _figures();

    /// <summary>Begins to report.</summary>
    /// <param name="series">Gets the subscriptions.</param>
    /// <param name="figures">Reads the state of the connection.</param>
    public void Observe(Func<IReadOnlyList<MetricSeries>> series, Func<ListenerFigures> figures)
    {
        (_series, _figures) = (series, figures);
        _instruments.Add(this);
    }

    /// <summary>From now on, also reports handlers that the listener does not call itself.</summary>
    public void Append(IReadOnlyList<MetricSeries> series) => _more = series;

    public void ConnectionFailed(Exception error) => _connectionErrors.Add(ErrorType.Of(error));

    /// <summary>Stops reporting, and releases the listener. The meter of a factory lives longer, and is shared.</summary>
    public void Dispose()
    {
        _instruments.Remove(this);
        _ownMeter?.Dispose();
    }

    public void SayReconnects(List<Measurement<long>> into) => into.Add(new(Figures.Reconnects, Tags()));

    public void SayErrors(List<Measurement<long>> into)
    {
        foreach (var (error, count) in _connectionErrors.ToArray())
            into.Add(new(count, Tags(new Tag(PgListenerTags.ErrorType, error))));
    }

    public void SayState(List<Measurement<long>> into)
    {
        var current = Figures.State;
        foreach (var state in Enum.GetValues<ListenerState>())
            into.Add(new(state == current ? 1 : 0, Tags(new Tag(PgListenerTags.State, NameOf(state)))));
    }

    public Tag[] Tags(params ReadOnlySpan<Tag> more) => Name.Length > 0 ? [.. more, new(PgListenerTags.Listener, Name)] : [.. more];

    private static string NameOf(ListenerState state) => state switch
    {
        ListenerState.Stopped => "stopped",
        ListenerState.Connecting => "connecting",
        ListenerState.Listening => "listening",
        ListenerState.Reconnecting => "reconnecting",
        _ => "stopping",
    };
}
