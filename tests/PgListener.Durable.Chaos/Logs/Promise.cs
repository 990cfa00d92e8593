namespace PgListener.Durable.Chaos.Logs;

/// <summary>What a subscription promises.</summary>
/// <param name="Subscription">The handler.</param>
/// <param name="KeepsOrder">Whether messages with the same key are handled in their order.</param>
/// <param name="IsEffectivelyOnce">Whether no effect is written twice.</param>
public sealed record Promise(string Subscription, bool KeepsOrder, bool IsEffectivelyOnce);
