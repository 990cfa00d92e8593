namespace PgListener.Durable.Chaos.Readers.Handlers;

/// <summary>Lets the key of a message that failed step aside.</summary>
internal sealed class KeyParkingHandler(EffectTable effects) : FailingHandler(effects);
