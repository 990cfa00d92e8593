using Npgsql;
using PgListener.Testing;

namespace PgListener.Bench;

/// <summary>The whole: a server, the scenarios, the report.</summary>
internal static class BenchRun
{
    public static async Task<int> RunAsync(BenchOptions options)
    {
        var folder = Results.Folder(options.Output);
        await using var postgres = await EphemeralPostgres.LaunchAsync();
        // The consumers connect with its connection string, so it keeps the password.
        await using var dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { PersistSecurityInfo = true });
        var progress = new Progress(options.Scenarios.Sum(scenario => Runner.Expect(scenario, options)));
        var runner = new Runner(dataSource, progress, options);
        var facts = MachineFacts.Of(postgres.Version, options.Mode);
        var samples = new List<Sample>();
        foreach (var scenario in options.Scenarios)
            samples.AddRange(await runner.RunAsync(scenario, CancellationToken.None));
        progress.Finish();

        var report = MarkdownReport.Write(facts, options, samples);
        Console.WriteLine(report);
        await Results.SaveAsync(folder, facts, report, samples);
        return samples.Exists(sample => sample.Failure is not null) ? 1 : 0;
    }
}
