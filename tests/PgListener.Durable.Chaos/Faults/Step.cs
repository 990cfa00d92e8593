namespace PgListener.Durable.Chaos.Faults;

/// <summary>One fault of the plan.</summary>
/// <param name="At">When it is due. A lane does one thing at a time, so it may be late.</param>
/// <param name="Kind">What to do.</param>
/// <param name="Seed">What everything else about it is drawn from.</param>
public sealed record Step(TimeSpan At, FaultKind Kind, int Seed);
