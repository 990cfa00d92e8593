namespace PgListener.Bench;

/// <summary>What a consumer has got so far.</summary>
/// <param name="Count">How many, since it was armed.</param>
/// <param name="Sum">The sum of their ids.</param>
/// <param name="First">When the first one came, in ticks of the machine's monotonic clock; 0 for none.</param>
/// <param name="Last">When the last one came.</param>
/// <param name="Started">When the consumer was told to start.</param>
internal sealed record MeterState(long Count, long Sum, long First, long Last, long Started);
