using PgListener.Testing;

namespace PgListener.Bench;

/// <summary>The whole: a server, the scenarios, the report.</summary>
internal static class BenchRun
{
    public static async Task<int> RunAsync(BenchOptions options, EphemeralPostgresOptions? serverOptions = null)
    {
        var folder = Results.Folder(options.Output);
        await using var servers = new BenchServers(serverOptions);
        var progress = new Progress(options.Scenarios.Sum(scenario => Runner.Expect(scenario, options)));
        var facts = MachineFacts.Of((await servers.ForAsync(options.Scenarios[0])).Version, options.Mode);
        var samples = new List<Sample>();
        foreach (var scenario in options.Scenarios)
            samples.AddRange(await new Runner(await servers.ForAsync(scenario), progress, options).RunAsync(scenario, CancellationToken.None));
        progress.Finish();

        var report = MarkdownReport.Write(facts, options, samples);
        Console.WriteLine(report);
        await Results.SaveAsync(folder, facts, report, samples);
        return samples.Exists(sample => sample.Failure is not null) ? 1 : 0;
    }
}
