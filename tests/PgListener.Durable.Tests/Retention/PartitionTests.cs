using System.Diagnostics;
using System.Globalization;
using PgListener.Durable.Retention;

namespace PgListener.Durable.Tests.Retention;

/// <summary>Partitions by day: made ahead, removed when nobody needs them, and never in the way of publishers.</summary>
public class PartitionTests(ServerFixture server)
{
    [Fact]
    public async Task Partitions_are_made_for_today_and_three_days_ahead()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        await scene.KeepAsync();
        var days = Enumerable.Range(0, 4).Select(ahead => DateTime.UtcNow.AddDays(ahead).ToString("yyyyMMdd", CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(days.Select(day => $"message_{day}"), await scene.DaysAsync());

        await scene.Database.ExecuteAsync("select pglistener.publish('a', '1')");
        Assert.Equal($"pglistener.message_{days[0]}", await scene.Database.QueryAsync<string>("select tableoid::regclass::text from pglistener.message"));

        await scene.KeepAsync();
        Assert.Equal(4, (await scene.DaysAsync()).Length);
    }

    [Fact]
    public async Task A_publish_that_meets_the_making_of_the_partition_of_today_succeeds()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        await using var connection = await scene.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        Task publishing;
        await using (var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await PartitionCommands.MakeAsync(connection, DateOnly.FromDateTime(DateTime.UtcNow), "CURRENT_USER", TestContext.Current.CancellationToken);
            publishing = scene.Database.ExecuteAsync("select pglistener.publish('a', '1')");
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (await scene.Database.QueryAsync<long>("select count(*) from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())") == 0)
                Assert.False(limit.IsCancellationRequested, "Nobody waits.");
            await transaction.CommitAsync(TestContext.Current.CancellationToken);
        }

        await publishing;
        Assert.Equal("1", await scene.PayloadsAsync());
    }

    [Fact]
    public async Task A_day_that_the_default_partition_has_messages_of_gets_no_partition()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        await scene.PublishAsync(daysAgo: 0, "today");
        await scene.KeepAsync();
        await scene.KeepAsync();

        Assert.Equal(3, (await scene.DaysAsync()).Length);
        Assert.Single(scene.LinesOf(661));
        Assert.Equal("today", await scene.PayloadsAsync());
    }

    [Fact]
    public async Task A_day_is_removed_when_every_shard_has_passed_it()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        var old = await scene.MakeDayAsync(daysAgo: 2);
        await scene.MakeDayAsync(daysAgo: 0);
        var (one, two) = (await scene.SubscribeAsync(shards: 2), await scene.SubscribeAsync(name: "other"));
        await scene.PublishAsync(2, "x", bucket: 0);
        await scene.PublishAsync(2, "y", bucket: 1);
        await scene.PublishAsync(0, "z");

        await scene.PassAsync(one, shard: 0);
        await scene.PassAsync(two);
        await scene.KeepAsync();
        Assert.Contains(old, await scene.DaysAsync());
        Assert.Equal("x y z", await scene.PayloadsAsync());

        await scene.PassAsync(one, shard: 1);
        await scene.KeepAsync();
        Assert.DoesNotContain(old, await scene.DaysAsync());
        Assert.Equal("z", await scene.PayloadsAsync()); // Passed too, but its day is not over.
        Assert.Equal(0L, await scene.Database.QueryAsync<long>("select count(*) from pglistener.loss"));
    }

    [Fact]
    public async Task A_day_is_kept_for_a_position_within_it()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        var old = await scene.MakeDayAsync(daysAgo: 1);
        var id = await scene.SubscribeAsync();
        foreach (var payload in (string[])["1", "2", "3"])
            await scene.PublishAsync(1, payload);
        await scene.PassAsync(id);
        var seen = await scene.Database.QueryAsync<string>("select seen::text from pglistener.position order by n desc limit 1");
        await MoveAsync("last_id = 1, done = '{3}'");
        await scene.KeepAsync();
        Assert.Contains(old, await scene.DaysAsync());

        await MoveAsync("last_id = 1, done = '{2,3}'");
        await scene.KeepAsync();
        Assert.DoesNotContain(old, await scene.DaysAsync());

        // Within the window up to where the position was.
        Task MoveAsync(string how) => scene.Database.ExecuteAsync($"update pglistener.position set seen = '1:1:', floor = 0, upto = '{seen}', {how} where n = 1");
    }

    [Fact]
    public async Task A_channel_without_a_subscription_is_kept_until_it_is_over_age()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        var (old, older) = (await scene.MakeDayAsync(daysAgo: 2), await scene.MakeDayAsync(daysAgo: 9));
        await scene.PublishAsync(2, "x");
        await scene.PublishAsync(9, "y");
        await scene.KeepAsync();
        var days = await scene.DaysAsync();
        Assert.Contains(old, days);
        Assert.DoesNotContain(older, days);
        Assert.Equal(0L, await scene.Database.QueryAsync<long>("select count(*) from pglistener.loss"));
    }

    [Fact]
    public async Task A_day_is_kept_while_a_transaction_that_published_into_it_is_open_and_nobody_waits_long()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        await scene.MakeDayAsync(daysAgo: 0);
        var old = await scene.MakeDayAsync(daysAgo: 1);
        var id = await scene.SubscribeAsync();
        await scene.PublishAsync(1, "1");
        await scene.PassAsync(id);
        await using var late = await Session.OpenAsync(scene.Database.DataSource);
        await late.BeginAsync();
        await late.ExecuteAsync(RetentionScene.PublishSql(1, "late"));

        await WhilePublishingAsync(scene, async () => Assert.False(await scene.KeepOnceAsync()));
        Assert.Contains(old, await scene.DaysAsync());

        await late.CommitAsync();
        await scene.KeepAsync();
        Assert.Contains(old, await scene.DaysAsync()); // It was committed after the position.
        await scene.PassAsync(id);
        await scene.KeepAsync();
        Assert.DoesNotContain(old, await scene.DaysAsync());
    }

    [Fact]
    public async Task The_disk_is_freed_and_nobody_waits_long_while_a_transaction_that_publishes_is_open()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        await scene.MakeDayAsync(daysAgo: 0);
        var old = await scene.MakeDayAsync(daysAgo: 1);
        var id = await scene.SubscribeAsync();
        await scene.PublishAsync(1, "1");
        await scene.PassAsync(id);
        await using var open = await Session.OpenAsync(scene.Database.DataSource);
        await open.BeginAsync();
        await open.PublishAsync("today");

        await WhilePublishingAsync(scene, async () => Assert.False(await scene.KeepOnceAsync()));
        Assert.Contains(old, await scene.DaysAsync());
        Assert.Equal(0L, await scene.Database.QueryAsync<long>($"select pg_relation_size('pglistener.{old}')"));

        await open.CommitAsync();
        await scene.KeepAsync();
        Assert.DoesNotContain(old, await scene.DaysAsync());
    }

    [Fact]
    public async Task A_message_that_is_committed_between_the_check_and_the_removal_is_not_lost()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        var old = new LogPartition($"pglistener.{await scene.MakeDayAsync(daysAgo: 8)}", null, null, IsOver: true, IsOverAge: false);
        var id = await scene.SubscribeAsync();
        await scene.PublishAsync(8, "1");
        await scene.PassAsync(id);
        await using var late = await Session.OpenAsync(scene.Database.DataSource);
        await late.BeginAsync();
        await late.ExecuteAsync(RetentionScene.PublishSql(8, "late"));
        await using var keeper = await Session.OpenAsync(scene.Database.DataSource);
        var state = await PartitionCommands.StateAsync(keeper.Connection, old, scene.Cluster, TestContext.Current.CancellationToken);
        Assert.False(state.IsAwaited);

        await late.CommitAsync();
        await keeper.BeginAsync();
        Assert.False(await PartitionCommands.EmptyAsync(keeper.Connection, old, state, scene.Cluster, TestContext.Current.CancellationToken));
        await keeper.CommitAsync();
        Assert.Equal("1 late", await scene.PayloadsAsync());
        Assert.True((await PartitionCommands.StateAsync(keeper.Connection, old, scene.Cluster, TestContext.Current.CancellationToken)).IsAwaited);
    }

    [Fact]
    public async Task Two_that_keep_the_log_at_the_same_time_note_a_loss_once()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        await scene.MakeDayAsync(daysAgo: 9);
        await scene.SubscribeAsync();
        await scene.PublishAsync(9, "in a partition");
        await scene.PublishAsync(10, "in the default partition");

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => scene.CreateKeeper().KeepAsync(scene.Cluster, TestContext.Current.CancellationToken)));
        await scene.KeepAsync();

        Assert.Equal("", await scene.PayloadsAsync());
        Assert.Equal(2L, await scene.Database.QueryAsync<long>("select sum(messages)::bigint from pglistener.loss"));
        Assert.Equal(4, (await scene.DaysAsync()).Length);
    }

    /// <summary>Publishes without a pause while something is done. Fails if a publish waits for a lock for long: 150 ms, and what a busy machine adds.</summary>
    private static async Task WhilePublishingAsync(RetentionScene scene, Func<Task> work)
    {
        using var end = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        var publishing = Task.Run(async () =>
        {
            await using var session = await Session.OpenAsync(scene.Database.DataSource);
            await session.ExecuteAsync("set lock_timeout = '500ms'");
            await session.PublishAsync("first", channel: "b");
            begun.SetResult();
            var longest = TimeSpan.Zero;
            while (!end.IsCancellationRequested)
            {
                var watch = Stopwatch.StartNew();
                await session.PublishAsync("more", channel: "b");
                longest = watch.Elapsed > longest ? watch.Elapsed : longest;
            }

            return longest;
        });
        await begun.Task;
        await work();
        await end.CancelAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"The longest publish took {(await publishing).TotalMilliseconds:0} ms.");
    }
}
