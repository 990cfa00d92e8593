using System.Diagnostics.Metrics;

namespace PgListener.Telemetry;

/// <summary>Creates meters, with what all of them have in common.</summary>
internal static class MeterSource
{
    /// <summary>As recommended by OpenTelemetry's conventions for messaging.</summary>
    internal static readonly InstrumentAdvice<double> Durations = new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] };

    /// <summary>The meter of a factory, which owns and may share it; without a factory, a new one, which the caller disposes of.</summary>
    public static Meter Of(IMeterFactory? factory)
    {
        var options = new MeterOptions(PgListenerDiagnostics.MeterName) { Version = PgListenerDiagnostics.Version };
        return factory?.Create(options) ?? new Meter(options);
    }
}
