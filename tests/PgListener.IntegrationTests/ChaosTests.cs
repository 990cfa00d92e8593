using PgListener.Chaos;
using PgListener.Chaos.Faults;

namespace PgListener.IntegrationTests;

/// <summary>A minute of faults of every kind: what is not given is announced, in its place and with the right window.</summary>
[Collection(nameof(Alone))]
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const int Seed = 1;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Nothing_is_lost_silently_whatever_happens()
    {
        var summary = await ChaosRun.RunAsync(new(Duration, Seed), output.WriteLine);
        output.WriteLine(summary.ToString());
        Assert.True(summary.Violations.Count == 0, summary.Complaints());
        Assert.Superset(Enum.GetNames<FaultKind>().ToHashSet(), summary.FaultKinds.ToHashSet());
    }

    [Fact]
    public void The_same_seed_makes_the_same_plan_with_every_kind_of_fault()
    {
        var (plan, again) = (Plan.Draw(Seed, Duration), Plan.Draw(Seed, Duration));
        Assert.Equal(plan.All, again.All);
        Assert.NotEqual(plan.All, Plan.Draw(Seed + 1, Duration).All);
        Assert.Equal(Enum.GetValues<FaultKind>(), plan.All.Select(step => step.Kind).Distinct().Order());
    }
}
