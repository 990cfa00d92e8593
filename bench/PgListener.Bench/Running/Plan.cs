namespace PgListener.Bench;

/// <summary>A scenario as it runs here.</summary>
/// <param name="Scenario">Which one.</param>
/// <param name="Cases">The cases that take part.</param>
/// <param name="Repetitions">How often each of them.</param>
/// <param name="Skips">The consumers that do not take part, although they were asked for.</param>
internal sealed record Plan(IScenario Scenario, IReadOnlyList<BenchCase> Cases, int Repetitions, IReadOnlyList<Skip> Skips)
{
    /// <summary>About how long it takes.</summary>
    public double Seconds
    {
        get
        {
            var seconds = Cases.Select(each => each.Seconds).DefaultIfEmpty();
            return Repetitions * (Scenario.IsParallel ? seconds.Max() : seconds.Sum());
        }
    }

    public static async Task<Plan> MakeAsync(IScenario scenario, BenchOptions options, CancellationToken cancellationToken)
    {
        var cases = options.CasesOf(scenario);
        var skips = await scenario.PrepareAsync([.. cases.Select(each => each.Consumer).Distinct(StringComparer.Ordinal)], cancellationToken);
        return new(
            scenario,
            [.. cases.Where(each => !skips.Any(skip => skip.Consumer == each.Consumer))],
            options.RepetitionsOf(scenario),
            skips);
    }
}
