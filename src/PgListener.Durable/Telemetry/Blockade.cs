namespace PgListener.Durable.Telemetry;

/// <summary>A message that fails, and that everything behind it waits for.</summary>
internal sealed record Blockade(int Shard, long Message, DateTimeOffset Since);
