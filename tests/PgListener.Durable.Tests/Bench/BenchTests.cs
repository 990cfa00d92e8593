using System.Diagnostics;
using PgListener.Durable.Tests.Chaos;
using PgListener.TestServer;
using PgListener.UnitTests.Configuration;

namespace PgListener.Durable.Tests.Bench;

/// <summary>The benchmark of durable channels, in its smallest form: every scenario measures something, and no message is lost or handled twice.</summary>
[Collection(nameof(ChaosTests))]
public sealed class BenchTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly string[] Scenarios =
    [
        "durable-drain", "durable-latency", "durable-publish", "durable-horizon", "durable-takeover", "durable-scale", "durable-idle",
    ];

    [Fact]
    public async Task Every_scenario_runs_to_its_end()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable(TestServers.Variable) is { Length: > 0 }, "PGLISTENER_TEST_DB names a server, so there may be no other.");
        var results = Directory.CreateTempSubdirectory("pglistener-bench-");
        try
        {
            var start = new ProcessStartInfo("dotnet", [Program(), "quick", "--consumer", "pglistener", "--messages", "200", "--seconds", "1", "--output", results.FullName])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            };
            using var bench = Process.Start(start)!;
            var report = await bench.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);
            output.WriteLine(report);
            await bench.WaitForExitAsync(TestContext.Current.CancellationToken);

            Assert.Equal(0, bench.ExitCode);
            Assert.All(Scenarios, scenario => Assert.Contains($"## {scenario}", report, StringComparison.Ordinal));
            Assert.Equal(2, results.GetFiles().Length);
        }
        finally
        {
            results.Delete(recursive: true);
        }
    }

    /// <summary>The program, built in the same configuration as the tests.</summary>
    private static string Program()
    {
        const string Name = "PgListener.Bench.Durable";
        var framework = new DirectoryInfo(AppContext.BaseDirectory);
        return Repository.PathOf(Path.Combine("bench", Name, "bin", framework.Parent!.Name, framework.Name, $"{Name}.dll"));
    }
}
