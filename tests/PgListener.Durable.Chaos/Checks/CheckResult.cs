using PgListener.Durable.Chaos.Faults;

namespace PgListener.Durable.Chaos.Checks;

/// <summary>What a check has found.</summary>
public sealed class CheckResult
{
    private readonly List<Violation> _violations = [];

    /// <summary>The promises that were not kept.</summary>
    public IReadOnlyList<Violation> Violations => _violations;

    /// <summary>How many messages were handled again because of each kind of fault.</summary>
    public SortedDictionary<FaultKind, int> Duplicates { get; } = [];

    /// <summary>Notes a violation.</summary>
    public void Add(Rule rule, string subscription, string text) => _violations.Add(new(rule, subscription, text));
}
