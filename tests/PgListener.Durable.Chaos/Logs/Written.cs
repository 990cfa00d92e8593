namespace PgListener.Durable.Chaos.Logs;

/// <summary>A message that a writer has published.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Outcome">What became of its transaction.</param>
public sealed record Written(long Number, Outcome Outcome);
