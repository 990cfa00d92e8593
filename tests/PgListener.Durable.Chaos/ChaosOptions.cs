using PgListener.Durable.Chaos.Faults;

namespace PgListener.Durable.Chaos;

/// <summary>Which run.</summary>
/// <param name="Duration">How long faults happen.</param>
/// <param name="Seed">What the plan is drawn from.</param>
public sealed record ChaosOptions(TimeSpan Duration, int Seed)
{
    /// <summary>Kinds of faults that are left out of the plan, to find out which of them a violation needs.</summary>
    public IReadOnlySet<FaultKind> Without { get; init; } = new HashSet<FaultKind>();
}
