namespace PgListener.Chaos;

/// <summary>Which run.</summary>
/// <param name="Duration">How long faults happen.</param>
/// <param name="Seed">What the plan is drawn from.</param>
public sealed record ChaosOptions(TimeSpan Duration, int Seed);
