namespace PgListener.Bench;

/// <summary>What was measured in one repetition of one case, or why nothing was.</summary>
internal sealed record Sample(string Scenario, string Case, int Repetition, IReadOnlyDictionary<string, double> Figures, string? Failure = null)
{
    public double? this[string figure] => Figures.TryGetValue(figure, out var value) ? value : null;
}
