using PgListener.Durable.Chaos;
using PgListener.Durable.Chaos.Faults;

namespace PgListener.Durable.Tests.Chaos;

/// <summary>A minute of faults: nothing is lost, nothing out of order, nothing done twice without a reason.</summary>
[Collection(nameof(ChaosTests))]
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const int Seed = 1;

    [Fact]
    public async Task Nothing_is_lost_or_reordered_or_done_twice_whatever_happens()
    {
        var summary = await ChaosRun.RunAsync(new(TimeSpan.FromSeconds(60), Seed), output.WriteLine);
        output.WriteLine(summary.ToString());
        Assert.True(summary.Violations.Count == 0, summary.Complaints());
        Assert.Superset(Enum.GetValues<FaultKind>().Where(kind => kind != FaultKind.Stall).ToHashSet(), summary.FaultKinds.ToHashSet());
        Assert.True(summary.Committed > 0);
    }
}

/// <summary>Runs alone, because it needs the whole machine.</summary>
[CollectionDefinition(nameof(ChaosTests), DisableParallelization = true)]
public sealed class ChaosCollection;
