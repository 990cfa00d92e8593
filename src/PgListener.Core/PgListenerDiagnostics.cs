namespace PgListener;

/// <summary>The names under which listeners and publishers report metrics and traces. They do not change from version to version.</summary>
/// <remarks>
/// With OpenTelemetry: <c>metrics.AddMeter(PgListenerDiagnostics.MeterName)</c> and <c>tracing.AddSource(PgListenerDiagnostics.ActivitySourceName)</c>.
/// What each instrument means, and what to do about it, is in docs/operations.md.
/// </remarks>
/// <seealso cref="PgListenerInstruments"/>
/// <seealso cref="PgListenerTags"/>
public static class PgListenerDiagnostics
{
    /// <summary>The name of the <see cref="System.Diagnostics.Metrics.Meter"/>.</summary>
    public const string MeterName = "PgListener";

    /// <summary>The name of the <see cref="System.Diagnostics.ActivitySource"/>.</summary>
    public const string ActivitySourceName = "PgListener";

    internal static string Version { get; } = typeof(PgListenerDiagnostics).Assembly.GetName().Version!.ToString(3);
}
