using System.Diagnostics;
using PgListener.Durable.Tests.Chaos;
using PgListener.TestServer;
using PgListener.UnitTests.Configuration;

namespace PgListener.Durable.Tests.Bench;

/// <summary>The benchmark of durable channels, in its smallest form: scenarios measure something, and no message is lost or handled twice.</summary>
[Collection(nameof(ChaosTests))]
public sealed class BenchTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Those that are short. The others use the same parts.</summary>
    private static readonly string[] Scenarios = ["durable-drain", "durable-latency", "durable-publish", "durable-takeover", "durable-idle"];

    [Fact]
    public async Task Scenarios_run_to_their_end()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable(TestServers.Variable) is { Length: > 0 }, "PGLISTENER_TEST_DB names a server, so there may be no other.");
        var results = Directory.CreateTempSubdirectory("pglistener-bench-");
        try
        {
            string[] arguments = ["quick", "--scenario", string.Join(',', Scenarios), "--consumer", "pglistener", "--messages", "200", "--seconds", "1", "--output", results.FullName];
            var start = new ProcessStartInfo("dotnet", [Program(), .. arguments])
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
