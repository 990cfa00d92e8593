namespace PgListener.Durable.Tests.Membership;

/// <summary>Another number of shards.</summary>
public class ShardChangeTests(ServerFixture server)
{
    private const string InForce = "select string_agg(shard || ':' || floor, ' ' order by shard) from (select distinct on (shard) * from pglistener.position order by shard, n desc) p";

    [Fact]
    public async Task A_multiple_takes_the_positions_over()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await RegisterAsync(database, shards: 2);
        await database.ExecuteAsync("insert into pglistener.position (subscription, shard, n, system, seen, floor, holder) select subscription, shard, n + 1 + 5 * shard, system, seen, 10 + shard, '' from pglistener.position");
        await database.ExecuteAsync("select pglistener.publish('a', '{}')");

        await RegisterAsync(database, shards: 6);

        Assert.Equal("0:10 1:11 2:10 3:11 4:10 5:11", await database.QueryAsync<string>(InForce));
        Assert.True(await database.QueryAsync<bool>("select shards = 6 from pglistener.subscription"));

        // The positions that there were have moved, so a holder that knows nothing of it loses them.
        Assert.Equal(2, await database.QueryAsync<long>("select max(n) from pglistener.position where shard = 0"));
        Assert.Equal(7, await database.QueryAsync<long>("select max(n) from pglistener.position where shard = 1"));
    }

    [Fact]
    public async Task Another_number_needs_an_empty_log()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await RegisterAsync(database, shards: 4);
        await database.ExecuteAsync("select pglistener.publish('a', '{}')");

        var warning = Assert.Single(await RegisterAsync(database, shards: 3));
        Assert.Contains("keeps its 4 shard(s), although 3 are configured, because messages are waiting", warning, StringComparison.Ordinal);
        Assert.True(await database.QueryAsync<bool>("select shards = 4 from pglistener.subscription"));
        Assert.Equal("0:0 1:0 2:0 3:0", await database.QueryAsync<string>(InForce));

        // Everything is handled.
        await database.ExecuteAsync("insert into pglistener.position (subscription, shard, n, system, seen, floor, holder) select subscription, shard, n + 1, system, pg_current_snapshot(), 1, '' from pglistener.position");
        Assert.Empty(await RegisterAsync(database, shards: 3));
        Assert.Equal("0:1 1:1 2:1", await database.QueryAsync<string>(InForce));
        Assert.True(await database.QueryAsync<bool>("select shards = 3 from pglistener.subscription"));
    }

    [Fact]
    public async Task It_waits_for_other_instances()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var other = new MemberInstance(database.ConnectionString, subscriptions: [MemberInstance.Handler("a")]);
        await LockTable.UntilAsync(() => other.Runner.Running.Count == 1, "the run of the other instance");

        var warning = Assert.Single(await RegisterAsync(database, shards: 2, runs: false));

        Assert.Contains("because other instances handle its messages", warning, StringComparison.Ordinal);
        Assert.Single(other.Runner.All);
    }

    [Fact]
    public async Task An_instance_that_knows_the_old_number_registers_again_before_it_walks_anything()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await RegisterAsync(database, shards: 1);
        await database.ExecuteAsync("update pglistener.subscription set paused_at = now()");
        await using var old = new MemberInstance(database.ConnectionString, subscriptions: [MemberInstance.Handler("a")]);
        await LockTable.WaitAsync(database.DataSource, table => table.Members.Count == 1);
        await using var changed = new MemberInstance(database.ConnectionString, subscriptions: [MemberInstance.Handler("a", shards: 2)]);
        await LockTable.WaitAsync(database.DataSource, table => table.Members.Count == 2);

        await database.ExecuteAsync("update pglistener.subscription set paused_at = null");
        await LockTable.UntilAsync(() => old.Runner.Running.Count == 1 && changed.Runner.Running.Count == 1, "a run of each");

        Assert.All(old.Runner.All.Concat(changed.Runner.All), run => Assert.Equal(2, run.Subscription.Shards));
    }

    /// <summary>Starts an instance, waits until it handles everything, and stops it.</summary>
    private static async Task<IReadOnlyList<string>> RegisterAsync(LogDatabase database, int shards, bool runs = true)
    {
        await using var instance = new MemberInstance(database.ConnectionString, subscriptions: [MemberInstance.Handler("a", shards)]);
        await LockTable.UntilAsync(() => instance.Log.GetSnapshot().Any(line => line.Id.Id == 604) && (!runs || instance.Runner.Running.Count > 0), "its registration");
        await instance.StopAsync();
        return instance.Warnings;
    }
}
