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
    public async Task A_wake_up_has_a_waiting_shard_read_at_once_and_a_look_find_what_was_committed_a_little_later()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var instance = new MemberInstance(database.ConnectionString, runner: new() { WaitAt = await HereAsync(database) });
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 1, "the run");
        var run = Run(instance, "a", 0);
        var (readings, looks) = (new List<TimeSpan>(), new List<TimeSpan>());
        for (var i = 0; i < 20; i++)
        {
            run.WaitingAt = await HereAsync(database);
            var before = (run.Readings, run.WakeUps);
            instance.WakeUps.Wake("unknown");
            instance.WakeUps.Wake("a");
            readings.Add(await LockTable.UntilAsync(() => run.Readings > before.Readings, "the reading"));
            await PublishAsync(database, "a", bucket: 0);
            looks.Add(await LockTable.UntilAsync(() => run.WakeUps > before.WakeUps, "the look"));
        }

        Assert.InRange(readings.Order().ElementAt(10), TimeSpan.Zero, TimeSpan.FromMilliseconds(30));
        Assert.InRange(looks.Order().ElementAt(10), TimeSpan.Zero, TimeSpan.FromMilliseconds(80));
    }

    [Fact]
    public async Task A_wake_up_has_a_shard_that_is_reading_read_once_more()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var instance = new MemberInstance(database.ConnectionString);
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 1, "the run");
        var run = Run(instance, "a", 0);
        var before = run.Readings;

        instance.WakeUps.Wake("a");

        await LockTable.UntilAsync(() => run.Readings > before, "the reading");
        Assert.Equal(0, run.WakeUps);
    }

    [Fact]
    public async Task A_wake_up_of_many_waiting_shards_has_only_those_read_that_have_a_message()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var instance = new MemberInstance(
            database.ConnectionString, runner: new() { WaitAt = await HereAsync(database) }, subscriptions: [MemberInstance.Handler("a", shards: 4)]);
        await LockTable.UntilAsync(() => instance.Runner.Running.Count == 4, "the runs");

        await PublishAsync(database, "a", bucket: 2);
        instance.WakeUps.Wake("a");

        await LockTable.UntilAsync(() => Run(instance, "a", 2).WakeUps > 0, "the wake-up");
        Assert.All([0, 1, 3], shard => Assert.Equal((0, 0), (Run(instance, "a", shard).WakeUps, Run(instance, "a", shard).Readings)));
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

        // Each statement that begins changes query_start, also one that begins and ends between two samples: the samples are much closer together than the statements.
        var (begun, counted) = (new List<DateTime>(), 0);
        var watch = Stopwatch.StartNew();
        await using var connection = await dataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var sample = new NpgsqlCommand($"select query_start from pg_stat_activity where pid = {holder}", connection);
        await sample.PrepareAsync(TestContext.Current.CancellationToken);
        while (counted == 0 || watch.Elapsed < TimeSpan.FromSeconds(10))
        {
            var latest = (DateTime)(await sample.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
            if (begun.Count == 0 || latest != begun[^1])
            {
                // From when the looks are as far apart as they get.
                if (counted > 0)
                    counted++;
                else if (begun.Count > 0 && latest - begun[^1] > TimeSpan.FromSeconds(0.9))
                    (counted, watch) = (1, Stopwatch.StartNew());
                begun.Add(latest);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);
        }

        Assert.InRange(counted, 5, watch.Elapsed.TotalSeconds + 1); // The first is not counted by the time.
    }

    private static async Task<LogPosition> HereAsync(LogDatabase database)
        => LogPosition.Beginning.After(
            await database.QueryAsync<string>("select pg_current_snapshot()::text"), await database.QueryAsync<long>("select coalesce(max(id), 0) from pglistener.message"));

    private static Task PublishAsync(LogDatabase database, string channel, int bucket)
        => database.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"insert into pglistener.message (channel, bucket, payload) values ('{channel}', {bucket}, '')"));

    private static FakeRun Run(MemberInstance instance, string channel, int shard)
        => instance.Runner.Running.Single(run => run.Subscription.Definition.Channel == channel && run.Shard == shard);
}
