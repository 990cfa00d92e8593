namespace PgListener.Durable.Chaos.Readers.Handlers;

/// <summary>Several transactions at a time, which take turns to enlist.</summary>
internal sealed class ConcurrentTransactionHandler(EffectTable effects) : EnlistingHandler(effects);
