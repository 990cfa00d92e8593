namespace PgListener.Bench;

/// <summary>Runs a scenario: in each repetition all of its cases, every time beginning with another one.</summary>
internal sealed class Runner(BenchServer server, Progress progress)
{
    public async Task<IReadOnlyList<Sample>> RunAsync(Plan plan, CancellationToken cancellationToken)
    {
        var (scenario, cases) = (plan.Scenario, plan.Cases);
        var repetitions = cases.Count == 0 ? 0 : plan.Repetitions;
        var samples = new List<Sample>();
        if (scenario.IsRehearsed && cases.Count > 0)
            await RunAsync(scenario, cases[0], repetition: 0, cancellationToken);
        for (var repetition = 1; repetition <= repetitions; repetition++)
        {
            if (scenario.IsParallel)
            {
                progress.Begin(scenario.Name, repetition, repetitions, "all at once");
                samples.AddRange(await Task.WhenAll(cases.Select(each => RunAsync(scenario, each, repetition, cancellationToken))));
                progress.End(cases[0].Seconds);
                continue;
            }

            for (var i = 0; i < cases.Count; i++)
            {
                var next = cases[(i + repetition - 1) % cases.Count];
                progress.Begin(scenario.Name, repetition, repetitions, next.Name);
                samples.Add(await RunAsync(scenario, next, repetition, cancellationToken));
                progress.End(next.Seconds);
            }
        }

        return samples;
    }

    private async Task<Sample> RunAsync(IScenario scenario, BenchCase benchCase, int repetition, CancellationToken cancellationToken)
    {
        try
        {
            var figures = await scenario.MeasureAsync(benchCase, server, cancellationToken);
            return new(scenario.Name, benchCase.Name, repetition, figures, scenario.Judge(benchCase, figures));
        }
        catch (BenchException e)
        {
            return Failed(e.Message);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // A library that cannot cope with a load throws what it likes. The other cases, and what was measured so far, are still wanted.
            await Console.Error.WriteLineAsync($"{scenario.Name}, {benchCase.Name}: {e}");
            return Failed($"{e.GetType().Name}: {e.Message}");
        }

        Sample Failed(string why) => new(scenario.Name, benchCase.Name, repetition, new Dictionary<string, double>(StringComparer.Ordinal), why);
    }
}
