namespace PgListener.Bench;

/// <summary>A consumer that does not take part in a scenario on this machine.</summary>
/// <param name="Consumer">Which one.</param>
/// <param name="Reason">Why, and what would let it take part.</param>
internal sealed record Skip(string Consumer, string Reason);
