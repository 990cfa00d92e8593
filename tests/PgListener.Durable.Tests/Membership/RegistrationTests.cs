using Npgsql;

namespace PgListener.Durable.Tests.Membership;

/// <summary>The rows of the subscriptions, and what happens when they change.</summary>
public class RegistrationTests(ServerFixture server)
{
    [Fact]
    public async Task Instances_that_start_at_the_same_time_register_once()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        var instances = Enumerable.Range(0, 8).Select(_ => new MemberInstance(
            database.ConnectionString, subscriptions: [MemberInstance.Handler("b", shards: 4), MemberInstance.Handler("a"), MemberInstance.Handler("c", mode: DurableMode.PerInstance)])).ToArray();
        await LockTable.UntilAsync(() => instances.Sum(instance => instance.Runner.Running.Count) == 4 + 1 + 8, "all runs");

        Assert.Equal(2 + 8, await database.QueryAsync<long>("select count(*) from pglistener.subscription"));
        Assert.Equal(4 + 1 + 8, await database.QueryAsync<long>("select count(*) from pglistener.position"));
        Assert.All(instances, instance => Assert.Empty(instance.Warnings));

        foreach (var instance in instances)
            await instance.StopAsync();

        // Those of one instance alone are gone with it.
        Assert.Equal(2, await database.QueryAsync<long>("select count(*) from pglistener.subscription"));
        Assert.Equal(4 + 1, await database.QueryAsync<long>("select count(*) from pglistener.position"));
        foreach (var instance in instances)
            await instance.DisposeAsync();
    }

    [Fact]
    public async Task A_new_subscription_begins_with_the_oldest_message_or_with_what_comes()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await database.ExecuteAsync("select pglistener.publish('a', i::text) from generate_series(1, 3) i");
        await using var instance = new MemberInstance(
            database.ConnectionString, subscriptions: [MemberInstance.Handler("a"), MemberInstance.Handler("a", start: DurableStart.Now, name: "now")]);
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 2, "the runs");

        Assert.Equal(0, await database.QueryAsync<long>("select floor from pglistener.position join pglistener.subscription s on s.id = subscription where name = 'h'"));
        Assert.Equal(3, await database.QueryAsync<long>("select floor from pglistener.position join pglistener.subscription s on s.id = subscription where name = 'now'"));
        Assert.True(await database.QueryAsync<bool>(
            "select bool_and(pg_visible_in_snapshot(tx, (select seen from pglistener.position join pglistener.subscription s on s.id = subscription where name = 'now'))) from pglistener.message"));
    }

    [Fact]
    public async Task A_paused_subscription_has_no_run_until_it_is_resumed()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var instance = new MemberInstance(database.ConnectionString, subscriptions: [MemberInstance.Handler("a", shards: 2), MemberInstance.Handler("b")]);
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 3, "the runs");

        await database.ExecuteAsync("update pglistener.subscription set paused_at = now() where channel = 'a'");
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 1, "the end of two runs");
        await LockTable.WaitAsync(database.DataSource, table => table.Holders.Count == 0 && table.Members.Count == 1);

        await database.ExecuteAsync("update pglistener.subscription set paused_at = null");
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 3, "the runs again");
        Assert.Equal(5, instance.Runner.All.Count);
    }

    [Fact]
    public async Task A_deleted_subscription_is_created_again_and_the_others_go_on()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var instance = new MemberInstance(database.ConnectionString, subscriptions: [MemberInstance.Handler("a"), MemberInstance.Handler("b")]);
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 2, "the runs");
        var b = instance.Runner.Running.Single(run => run.Subscription.Definition.Channel == "b");

        await database.ExecuteAsync("with s as (delete from pglistener.subscription where channel = 'a' returning id) delete from pglistener.position using s where subscription = s.id");
        await LockTable.UntilAsync(() => instance.Runner.All.Count == 3 && instance.Runner.Running.Count == 2, "the run of the new subscription");

        Assert.False(b.IsStopping);
        Assert.Equal(1, await database.QueryAsync<long>("select count(*) from pglistener.subscription where channel = 'a'"));
        Assert.Contains("'h' on durable channel 'a' was deleted", Assert.Single(instance.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_schema_is_reported_once_and_waited_for()
    {
        var connectionString = await server.CreateDatabaseAsync();
        await using var dataSource = NpgsqlDataSource.Create(connectionString);
        await using var instance = new MemberInstance(connectionString);
        await LockTable.UntilAsync(() => instance.Log.GetSnapshot().Count(line => line.Id.Id == 603) >= 2, "two more attempts");
        Assert.Contains("pglistener", Assert.Single(instance.Warnings), StringComparison.Ordinal);

        await LogDatabase.CreateSchemaAsync(dataSource);

        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 1, "the run");
        Assert.Single(instance.Warnings);
    }
}
