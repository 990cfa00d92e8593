namespace PgListener.Durable.Chaos.Readers.Handlers;

/// <summary>Lets a message that failed step aside.</summary>
internal sealed class ParkingHandler(EffectTable effects) : FailingHandler(effects);
