using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>Collects the traces of PgListener as OpenTelemetry does, without sending them anywhere.</summary>
internal static class TraceCollector
{
    /// <param name="decision">What is decided about each span: <see cref="ActivitySamplingResult.None"/> if there is to be none.</param>
    /// <returns>What ends the collecting.</returns>
    public static IDisposable Start(ActivitySamplingResult decision)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == PgListenerDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => decision,
            ActivityStopped = _ => { },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
