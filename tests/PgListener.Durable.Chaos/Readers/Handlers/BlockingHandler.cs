namespace PgListener.Durable.Chaos.Readers.Handlers;

/// <summary>Holds everything up until a message that failed is handled.</summary>
internal sealed class BlockingHandler(EffectTable effects) : FailingHandler(effects);
