namespace PgListener.Durable.Chaos.Readers.Handlers;

/// <summary>One message after the other, at least once.</summary>
internal sealed class RecordingHandler(EffectTable effects) : DirectHandler(effects);
