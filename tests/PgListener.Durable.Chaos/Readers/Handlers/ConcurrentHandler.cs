namespace PgListener.Durable.Chaos.Readers.Handlers;

/// <summary>Several messages at a time, in order within a key.</summary>
internal sealed class ConcurrentHandler(EffectTable effects) : DirectHandler(effects);
