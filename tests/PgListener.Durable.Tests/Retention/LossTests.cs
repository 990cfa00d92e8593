using System.Collections.Concurrent;

namespace PgListener.Durable.Tests.Retention;

/// <summary>Messages that were over age before a handler got to them.</summary>
public class LossTests(ServerFixture server)
{
    [Fact]
    public async Task A_handler_in_the_middle_of_a_backlog_is_told_in_its_place()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        await scene.MakeDayAsync(daysAgo: 10);
        await scene.MakeDayAsync(daysAgo: 9);
        var order = new ConcurrentQueue<string>();
        var reached = new TaskCompletionSource();
        var proceed = new TaskCompletionSource();
        var isLast = new TaskCompletionSource();
        var walker = await Walker.CreateAsync(
            scene.Database,
            async (_, payload, _) =>
            {
                order.Enqueue(payload);
                reached.TrySetResult();
                await proceed.Task;
                if (payload == "7")
                    isLast.SetResult();
            },
            onResync: (resync, _) =>
            {
                order.Enqueue($"{resync.Reason} {resync.Channel} {resync.Dropped}");
                return Task.CompletedTask;
            },
            pageSize: 1);
        foreach (var (day, payload) in ((int, string)[])[(10, "1"), (10, "2"), (9, "3"), (9, "4"), (9, "5"), (0, "6"), (0, "7")])
            await scene.PublishAsync(day, payload);
        var walk = await walker.StartAsync();
        await reached.Task;

        await scene.KeepAsync();
        proceed.SetResult();
        await isLast.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await WhenNothingIsLostAsync(scene);
        await walk.StopAsync(TestContext.Current.CancellationToken);

        // Of 1 to 5, those that were read in advance are handled; all that were not acknowledged count as lost.
        var handledBefore = order.TakeWhile(item => item.Length == 1).ToArray();
        Assert.InRange(handledBefore.Length, 1, 3);
        Assert.Equal([.. handledBefore, "Retention a 5", "6", "7"], order);
    }

    [Fact]
    public async Task A_handler_that_starts_later_is_told_before_its_first_message_until_it_succeeds()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        await scene.MakeDayAsync(daysAgo: 9);
        var order = new ConcurrentQueue<string>();
        var failures = 2;
        var walker = await Walker.CreateAsync(
            scene.Database,
            (_, payload, _) =>
            {
                order.Enqueue(payload);
                return Task.CompletedTask;
            },
            onResync: (resync, _) =>
            {
                order.Enqueue($"{resync.Reason} {resync.Dropped}");
                return Interlocked.Decrement(ref failures) >= 0 ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
            });
        await scene.PublishAsync(9, "1");
        await scene.PublishAsync(9, "2");
        await scene.PublishAsync(0, "3");
        await scene.KeepAsync();

        var walk = await walker.StartAsync();
        await walker.WhenHandledAsync(1);
        await walk.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["Retention 2", "Retention 2", "Retention 2", "3"], order);
        Assert.Equal(0L, await scene.Database.QueryAsync<long>("select count(*) from pglistener.loss"));
        Assert.Equal(2, walker.Log.Collector.GetSnapshot().Count(line => line.Id.Id == 672));
        Assert.Single(walker.Log.Collector.GetSnapshot(), line => line.Id.Id == 627);
    }

    [Fact]
    public async Task A_handler_that_waits_is_told_when_it_is_woken()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        var told = new TaskCompletionSource<Resync>();
        var walker = await Walker.CreateAsync(scene.Database, onResync: (resync, _) =>
        {
            told.SetResult(resync);
            return Task.CompletedTask;
        });
        await scene.PublishAsync(0, "1");
        var walk = await walker.StartAsync();
        await walker.WhenHandledAsync(1);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (walk.WaitingAt is null)
            Assert.False(limit.IsCancellationRequested);

        await scene.Database.ExecuteAsync($"insert into pglistener.loss (subscription, shard, since, until, messages) values ({walker.Id}, 0, now(), now(), 3), ({walker.Id}, 0, now(), now(), 4)");
        walk.Wake(hasRetries: false);
        Assert.Equal(7, (await told.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Dropped);
        await WhenNothingIsLostAsync(scene);
        await walk.StopAsync(TestContext.Current.CancellationToken);
    }

    private static async Task WhenNothingIsLostAsync(RetentionScene scene)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await scene.Database.QueryAsync<long>("select count(*) from pglistener.loss") > 0)
            Assert.False(limit.IsCancellationRequested);
    }
}
