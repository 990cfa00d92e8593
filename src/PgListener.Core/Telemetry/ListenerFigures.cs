namespace PgListener.Telemetry;

/// <summary>The values that the metrics report about a listener's connection.</summary>
internal readonly record struct ListenerFigures(ListenerState State, long Reconnects, TimeSpan? RoundTrip, double? QueueUsage);
