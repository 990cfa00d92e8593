using PgListener.Testing;

namespace PgListener.Bench;

/// <summary>The whole: a server, the scenarios, the report.</summary>
internal static class BenchRun
{
    public static async Task<int> RunAsync(BenchOptions options, EphemeralPostgresOptions? serverOptions = null)
    {
        var folder = Results.Folder(options.Output);
        await using var servers = new BenchServers(serverOptions);
        var plans = new List<Plan>();
        foreach (var scenario in options.Scenarios)
            plans.Add(await Plan.MakeAsync(scenario, options, CancellationToken.None));
        var progress = new Progress(plans.Sum(plan => plan.Seconds));
        var facts = MachineFacts.Of((await servers.ForAsync(options.Scenarios[0])).Version, options.Mode);
        var samples = new List<Sample>();
        foreach (var plan in plans)
            samples.AddRange(await new Runner(await servers.ForAsync(plan.Scenario), progress).RunAsync(plan, CancellationToken.None));
        progress.Finish();

        var report = MarkdownReport.Write(facts, options.Mode, plans, samples);
        Console.WriteLine(report);
        await Results.SaveAsync(folder, facts, report, samples);
        return samples.Exists(sample => sample.Failure is not null) ? 1 : 0;
    }
}
