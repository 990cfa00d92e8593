using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace PgListener.UnitTests;

/// <summary>A meter factory as a host has one, whose meters can be told from those of other tests.</summary>
internal sealed class TestMeters : IMeterFactory
{
    private readonly List<Meter> _meters = [];

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose() => _meters.ForEach(meter => meter.Dispose());

    /// <summary>What an observed instrument says now, with its tags in the order of their keys.</summary>
    public string[] Observe<T>(string instrument)
        where T : struct
    {
        using var collector = Collect<T>(instrument);
        collector.RecordObservableInstruments();
        return Lines(collector);
    }

    public MetricCollector<T> Collect<T>(string instrument)
        where T : struct
        => new(this, PgListenerDiagnostics.MeterName, instrument);

    public static string[] Lines<T>(MetricCollector<T> collector)
        where T : struct
        => [.. collector.GetMeasurementSnapshot().Select(measurement => FormattableString.Invariant(
            $"{string.Join(' ', measurement.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"))} -> {measurement.Value}"))];
}
