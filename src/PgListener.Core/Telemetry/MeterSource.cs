using System.Diagnostics.Metrics;

namespace PgListener.Telemetry;

/// <summary>Where meters come from, and what is the same for all of them.</summary>
internal static class MeterSource
{
    /// <summary>As OpenTelemetry's conventions for messaging advise.</summary>
    internal static readonly InstrumentAdvice<double> Durations = new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] };

    /// <summary>The meter of a factory, which disposes of it and may hand it out again; without one, a new one, which is the caller's to dispose of.</summary>
    public static Meter Of(IMeterFactory? factory)
    {
        var options = new MeterOptions(PgListenerDiagnostics.MeterName) { Version = PgListenerDiagnostics.Version };
        return factory?.Create(options) ?? new Meter(options);
    }
}
