namespace PgListener.Telemetry;

/// <summary>What the metrics say of a listener's connection.</summary>
internal readonly record struct ListenerFigures(ListenerState State, long Reconnects, TimeSpan? RoundTrip, double? QueueUsage);
