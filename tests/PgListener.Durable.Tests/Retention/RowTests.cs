namespace PgListener.Durable.Tests.Retention;

/// <summary>Messages outside the partitions, and a role without the right to make any.</summary>
public class RowTests(ServerFixture server)
{
    [Fact]
    public async Task Passed_messages_of_past_days_are_deleted_from_the_default_partition()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        var id = await scene.SubscribeAsync(shards: 2);
        await scene.PublishAsync(1, "x", bucket: 0);
        await scene.PublishAsync(1, "y", bucket: 1);
        await scene.PublishAsync(0, "z");
        await scene.PublishAsync(1, "unheard", channel: "b");
        await scene.PassAsync(id, shard: 1);

        await scene.KeepAsync();
        Assert.Equal("x z unheard", await scene.PayloadsAsync());
        await scene.PassAsync(id, shard: 0);
        await scene.KeepAsync();
        Assert.Equal("z unheard", await scene.PayloadsAsync());
    }

    [Fact]
    public async Task A_backlog_of_many_batches_is_deleted_in_one_round()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        var id = await scene.SubscribeAsync();
        await scene.Database.ExecuteAsync("insert into pglistener.message (channel, bucket, payload, at) select 'a', 0, 'x', now() - interval '36 hours' from generate_series(1, 12000)");
        await scene.PassAsync(id);
        await scene.KeepAsync();
        Assert.Equal(0L, await scene.Database.QueryAsync<long>("select count(*) from pglistener.message"));
        Assert.Contains("12000 message(s)", Assert.Single(scene.LinesOf(664)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_right_to_make_partitions_messages_are_deleted_and_one_line_says_so()
    {
        await using var scene = await RetentionScene.CreateAsync(server, isReader: true);
        await scene.MakeDayAsync(daysAgo: 2); // By somebody else.
        var (one, two) = (await scene.SubscribeAsync(), await scene.SubscribeAsync(name: "behind"));
        await scene.PublishAsync(10, "over age");
        await scene.PublishAsync(2, "in a partition");
        await scene.PublishAsync(1, "default");
        await scene.PublishAsync(0, "today");
        await scene.PassAsync(one);

        await scene.KeepAsync();
        Assert.Equal("in a partition default today", await scene.PayloadsAsync());
        Assert.Equal(1L, await scene.Database.QueryAsync<long>($"select sum(messages)::bigint from pglistener.loss where subscription = {two}"));
        Assert.Equal(1L, await scene.Database.QueryAsync<long>("select count(*) from pglistener.loss"));
        await scene.PassAsync(two);
        await scene.KeepAsync();

        Assert.Equal("today", await scene.PayloadsAsync());
        Assert.Contains("pglistener.message", Assert.Single(scene.LinesOf(660)), StringComparison.Ordinal);
        Assert.Single(await scene.DaysAsync());
        Assert.Empty(scene.LinesOf(668));
    }
}
