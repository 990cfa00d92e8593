namespace PgListener.Durable.Chaos.Readers.Handlers;

/// <summary>One transaction after the other.</summary>
internal sealed class TransactionHandler(EffectTable effects) : EnlistingHandler(effects);
