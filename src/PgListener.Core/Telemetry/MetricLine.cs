using System.Diagnostics.Metrics;

using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace PgListener.Telemetry;

/// <summary>What one instrument last said of one series. It is said again as it is while the value stays the same: a measurement has a copy of its tags.</summary>
internal sealed class MetricLine(Measurement<long> measurement)
{
    public MetricLine(long value, Tag[] tags)
        : this(new Measurement<long>(value, tags))
    {
    }

    public Measurement<long> Measurement => measurement;

    /// <summary>The same with another value.</summary>
    public MetricLine With(long value) => new(new Measurement<long>(value, measurement.Tags));
}
