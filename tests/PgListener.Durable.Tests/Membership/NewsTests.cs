using System.Diagnostics;
using System.Globalization;
using Npgsql;
using PgListener.Durable.Log;
using PgListener.TestServer;

namespace PgListener.Durable.Tests.Membership;

/// <summary>Waking the shards that wait.</summary>
public class NewsTests(ServerFixture server)
{
    [Fact]
    public async Task A_waiting_shard_is_woken_by_a_message_for_it_alone()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var instance = new MemberInstance(
            database.ConnectionString,
            runner: new() { WaitAt = await HereAsync(database) },
            subscriptions: [MemberInstance.Handler("a", shards: 2), MemberInstance.Handler("b")]);
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 3, "the runs");

        await PublishAsync(database, "a", bucket: 7);
        await LockTable.UntilAsync(() => Run(instance, "a", 1).WakeUps > 0, "the wake-up");

        Assert.Equal(0, Run(instance, "a", 0).WakeUps);
        Assert.Equal(0, Run(instance, "b", 0).WakeUps);
    }

    [Fact]
    public async Task A_message_that_was_written_before_the_position_and_committed_after_it_is_found()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var writer = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await writer.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var publish = new NpgsqlCommand("select pglistener.publish('a', '{}')", writer);
        await publish.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await PublishAsync(database, "a", bucket: 0); // A higher id, and committed: the floor is above the message.
        var position = await HereAsync(database);
        await using var instance = new MemberInstance(database.ConnectionString, runner: new() { WaitAt = position });
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 1, "the run");
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken); // Two looks: nothing happens.
        Assert.Equal(0, Run(instance, "a", 0).WakeUps);

        await transaction.CommitAsync(TestContext.Current.CancellationToken);

        await LockTable.UntilAsync(() => Run(instance, "a", 0).WakeUps > 0, "the wake-up");
    }

    [Fact]
    public async Task A_waiting_shard_is_woken_by_a_retry_that_is_due_and_by_a_loss()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var instance = new MemberInstance(
            database.ConnectionString,
            runner: new() { WaitAt = await HereAsync(database) },
            subscriptions: [MemberInstance.Handler("a"), MemberInstance.Handler("b"), MemberInstance.Handler("c"), MemberInstance.Handler("d")]);
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 4, "the runs");

        await database.ExecuteAsync(
            """
            insert into pglistener.retry (subscription, message, bucket, payload, published_at, attempts, next_at, dead_at)
            select id, 1, 0, '', now(), 1, case channel when 'b' then 'infinity'::timestamptz else now() end, case channel when 'c' then now() end
            from pglistener.subscription where channel <> 'd';
            insert into pglistener.loss (subscription, shard, since, until, messages) select id, 0, now(), now(), 1 from pglistener.subscription where channel = 'd';
            """);
        await LockTable.UntilAsync(() => Run(instance, "a", 0).WakeUps > 0 && Run(instance, "d", 0).WakeUps > 0, "the wake-ups");

        Assert.Equal(0, Run(instance, "b", 0).WakeUps);
        Assert.Equal(0, Run(instance, "c", 0).WakeUps);
    }

    [Fact]
    public async Task A_wake_up_is_followed_by_a_look_at_once()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var instance = new MemberInstance(database.ConnectionString, runner: new() { WaitAt = await HereAsync(database) });
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 1, "the run");
        var run = Run(instance, "a", 0);
        var times = new List<TimeSpan>();
        for (var i = 0; i < 20; i++)
        {
            run.WaitingAt = await HereAsync(database);
            var before = run.WakeUps;
            await PublishAsync(database, "a", bucket: 0);
            instance.WakeUps.Wake("unknown");
            instance.WakeUps.Wake("a");
            times.Add(await LockTable.UntilAsync(() => run.WakeUps > before, "the wake-up"));
        }

        Assert.InRange(times.Order().ElementAt(10), TimeSpan.Zero, TimeSpan.FromMilliseconds(30));
    }

    [Fact]
    public async Task Ten_idle_subscriptions_take_at_most_one_statement_a_second()
    {
        await using var own = await TestServers.StartOwnAsync();
        await using var dataSource = NpgsqlDataSource.Create(own.ConnectionString);
        await LogDatabase.CreateSchemaAsync(dataSource);
        await using var database = new LogDatabase(own.ConnectionString, dataSource);
        await using var instance = new MemberInstance(
            own.ConnectionString,
            runner: new() { WaitAt = await HereAsync(database) },
            subscriptions: [.. Enumerable.Range(0, 10).Select(i => MemberInstance.Handler($"c{i}"))]);
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 10, "the runs");
        var holder = (await LockTable.ReadAsync(dataSource)).Holders[0];
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken); // Until the looks are as far apart as they get.

        // Each statement that begins changes query_start, also one that begins and ends between two samples: the samples are much closer together than the statements.
        var begun = new HashSet<DateTime>();
        var watch = Stopwatch.StartNew();
        await using var connection = await dataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var sample = new NpgsqlCommand($"select query_start from pg_stat_activity where pid = {holder}", connection);
        await sample.PrepareAsync(TestContext.Current.CancellationToken);
        while (watch.Elapsed < TimeSpan.FromSeconds(10))
        {
            begun.Add((DateTime)(await sample.ExecuteScalarAsync(TestContext.Current.CancellationToken))!);
            await Task.Delay(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);
        }

        Assert.InRange(begun.Count, 5, watch.Elapsed.TotalSeconds + 1); // The first may have begun before.
    }

    private static async Task<LogPosition> HereAsync(LogDatabase database)
        => LogPosition.Beginning.After(
            await database.QueryAsync<string>("select pg_current_snapshot()::text"), await database.QueryAsync<long>("select coalesce(max(id), 0) from pglistener.message"));

    private static Task PublishAsync(LogDatabase database, string channel, int bucket)
        => database.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"insert into pglistener.message (channel, bucket, payload) values ('{channel}', {bucket}, '')"));

    private static FakeRun Run(MemberInstance instance, string channel, int shard)
        => instance.Runner.Running.Single(run => run.Subscription.Definition.Channel == channel && run.Shard == shard);
}
