using System.Diagnostics.Metrics;

using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace PgListener.Telemetry;

/// <summary>The last measurement of one series by one instrument. It is reused while the value stays the same, because a measurement copies its tags.</summary>
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
