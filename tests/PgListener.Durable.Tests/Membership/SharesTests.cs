using System.Diagnostics;

namespace PgListener.Durable.Tests.Membership;

/// <summary>How instances share the shards.</summary>
public class SharesTests(ServerFixture server)
{
    [Fact]
    public async Task Instances_that_join_and_leave_get_their_share()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        var instances = new List<MemberInstance> { Create() };
        try
        {
            await StableAsync(1, [8]);
            instances.AddRange(Enumerable.Range(0, 7).Select(_ => Create()));
            await StableAsync(8, [1, 1, 1, 1, 1, 1, 1, 1]);
            await Task.WhenAll(instances.Take(5).Select(instance => instance.StopAsync()));
            await StableAsync(3, [3, 3, 2]);
        }
        finally
        {
            foreach (var instance in instances)
                await instance.DisposeAsync();
        }

        MemberInstance Create() => new(database.ConnectionString, subscriptions: [MemberInstance.Handler("a", shards: 8)]);

        // Each shard has one holder (reading the locks fails if there are two), and exactly one run.
        async Task StableAsync(int members, int[] shares)
        {
            await LockTable.WaitAsync(database.DataSource, table => table.Members.Count == members && table.Holders.Count == 8 && table.Shares.SequenceEqual(shares));
            await LockTable.UntilAsync(
                () => instances.SelectMany(instance => instance.Runner.Running).Select(run => run.Shard).Order().SequenceEqual(Enumerable.Range(0, 8)), "one run of each shard");
        }
    }

    [Fact]
    public async Task A_joined_instance_has_its_share_within_two_seconds()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var first = new MemberInstance(database.ConnectionString, subscriptions: [MemberInstance.Handler("a", shards: 8)]);
        await LockTable.UntilAsync(() => first.Runner.Running.Count == 8, "the runs of the first");

        var watch = Stopwatch.StartNew();
        await using var second = new MemberInstance(database.ConnectionString, subscriptions: [MemberInstance.Handler("a", shards: 8)]);
        await LockTable.UntilAsync(() => second.Runner.Running.Count == 4, "the runs of the second");

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Equal(4, first.Runner.Running.Count);
        Assert.Equal(8, first.Runner.All.Count);
    }

    [Fact]
    public async Task A_shard_is_not_started_elsewhere_before_its_calls_have_ended()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        var call = new TaskCompletionSource();
        await using var first = new MemberInstance(database.ConnectionString, runner: new() { CallsEnd = call.Task }, subscriptions: [MemberInstance.Handler("a", shards: 2)]);
        await LockTable.UntilAsync(() => first.Runner.Running.Count == 2, "the runs of the first");
        await using var second = new MemberInstance(database.ConnectionString, subscriptions: [MemberInstance.Handler("a", shards: 2)]);
        await LockTable.UntilAsync(() => first.Runner.Running.Any(run => run.IsStopping), "a run that stops");
        Assert.Empty(second.Runner.All);

        call.SetResult();

        await LockTable.UntilAsync(() => second.Runner.Running.Count == 1, "the run of the second");
        Assert.Single(first.Runner.Running);
    }

    [Fact]
    public async Task A_run_that_has_ended_by_itself_is_followed_by_another_after_a_moment()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var instance = new MemberInstance(database.ConnectionString);
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 1, "the run");

        instance.Runner.Running[0].Lose();
        await LockTable.WaitAsync(database.DataSource, table => table.Holders.Count == 0);
        var took = await LockTable.UntilAsync(() => instance.Runner.Running.Count == 1, "the next run");

        Assert.InRange(took, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(3));
    }
}
