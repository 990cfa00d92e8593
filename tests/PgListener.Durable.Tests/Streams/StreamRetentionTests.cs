using Npgsql;
using PgListener.Durable.Membership;
using PgListener.Durable.Tests.Retention;

namespace PgListener.Durable.Tests.Streams;

/// <summary>Streams that come back after messages were removed. No other transaction is in progress, and the application does not keep the log by itself.</summary>
[Collection(nameof(QuietServer))]
public class StreamRetentionTests(QuietServer server)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_that_was_overtaken_is_told_once_and_has_the_rest(bool isDefaultPartition)
    {
        await using var scene = await RetentionScene.CreateAsync(await server.CreateLogAsync());
        await using var keeper = await HoldKeeperAsync(scene);
        if (!isDefaultPartition)
            await scene.MakeDayAsync(daysAgo: 9);
        await using var app = await StreamingApp.StartAsync(scene.Database.ConnectionString, options => options.PageSize = 2);
        var before = await app.ReadFromNowAsync();
        await before.DisposeAsync();
        await PublishAsync(scene, 9, 1, 2);
        await PublishAsync(scene, 0, 3, 4, 5, 6, 7);
        await scene.KeepAsync();

        await using var again = app.Read(before.Position);
        var gap = await again.NextGapAsync();
        Assert.Equal((ResyncReason.Retention, "order_placed"), (gap.Reason, gap.Channel));
        Assert.Equal([3L, 4, 5, 6, 7], (await again.NextAsync(5)).Select(order => order.Id));

        // From behind the removal nothing is missing.
        await using var behind = app.Read(again.Position);
        await PublishAsync(scene, 0, 8);
        Assert.Equal((8, 8), ((await again.NextAsync()).Value.Id, (await behind.NextAsync()).Value.Id));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_is_told_of_what_the_stream_had_got(bool isDefaultPartition)
    {
        await using var scene = await RetentionScene.CreateAsync(await server.CreateLogAsync());
        await using var keeper = await HoldKeeperAsync(scene);
        if (!isDefaultPartition)
            await scene.MakeDayAsync(daysAgo: 9);
        await using var app = await StreamingApp.StartAsync(scene.Database.ConnectionString);
        await using var live = await app.ReadFromNowAsync();
        await PublishAsync(scene, 9, 1, 2);
        Assert.Equal([1L, 2L], (await live.NextAsync(2)).Select(order => order.Id));
        await scene.KeepAsync();
        Assert.Equal("", await scene.PayloadsAsync());
        await PublishAsync(scene, 0, 3);

        await using var again = app.Read(live.Position);
        Assert.Equal((3, 3), ((await live.NextAsync()).Value.Id, (await again.NextAsync()).Value.Id));
    }

    [Fact]
    public async Task A_live_stream_that_could_not_read_in_time_is_told_in_its_place()
    {
        await using var scene = await RetentionScene.CreateAsync(await server.CreateLogAsync());
        await using var keeper = await HoldKeeperAsync(scene);
        await scene.MakeDayAsync(daysAgo: 9);
        await using var app = await StreamingApp.StartAsync(scene.Database.ConnectionString);
        await using var live = await app.ReadFromNowAsync();
        await PublishAsync(scene, 0, 1);
        Assert.Equal(1, (await live.NextAsync()).Value.Id);

        // One transaction publishes and removes, so that nobody can read in between.
        await scene.Database.ExecuteAsync($"""
            {RetentionScene.PublishSql(0, "{\"id\":2}", channel: "order_placed")};
            insert into pglistener.removal (channel, system, tx, removed_by) values ('order_placed', {scene.Cluster.System}, pg_current_xact_id(), pg_current_xact_id())
            """);
        Assert.Equal(ResyncReason.Retention, (await live.NextGapAsync()).Reason);
        Assert.Equal(2, (await live.NextAsync()).Value.Id);
        Assert.Single(app.Log.GetSnapshot(), line => line.Id.Id == 633);
        Assert.Equal(1, app.Listener.GetStatistics().Single(one => one.Name == "A test").Gaps);
    }

    private static async Task<NpgsqlConnection> HoldKeeperAsync(RetentionScene scene)
    {
        var connection = await scene.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"select pg_advisory_lock({AdvisoryKey.Keeper})", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    private static async Task PublishAsync(RetentionScene scene, int daysAgo, params long[] ids)
    {
        foreach (var id in ids)
            await scene.PublishAsync(daysAgo, $"{{\"id\":{id}}}", channel: "order_placed");
    }
}
