using System.Collections.Concurrent;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Gaps reach everyone who asks: streams as items in their place, callbacks with options, and until they have been dealt with.</summary>
public sealed class GapStreamTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_of_items_has_its_gaps_in_their_places()
    {
        var channel = NewChannel();
        await using var listener = new Listener(server.ConnectionString);
        await listener.StartAsync(Cancellation);
        await using var items = listener.ReadItemsAsync(channel, new() { QueueCapacity = 2 }, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.Equal(ResyncReason.Started, (await NextAsync(items)).Resync!.Reason);
        await server.NotifyAsync(channel, "1");
        Assert.Equal("1", (await NextAsync(items)).Notification.Payload);

        await server.TerminateAsync(listener);
        var gap = (await NextAsync(items)).Resync!;
        Assert.Equal(ResyncReason.Reconnected, gap.Reason);
        Assert.InRange(gap.Since!.Value, DateTimeOffset.MinValue, gap.Until);

        // A reader that does not read drops, and pauses nobody.
        await server.Sender.NotifyRangeAsync(channel, 2, 100, cancellationToken: Cancellation);
        Assert.True(SpinWait.SpinUntil(() => listener.GetStatistics()[0].Received == 101, TimeSpan.FromSeconds(20)));
        Assert.Equal("2", (await NextAsync(items)).Notification.Payload);
        Assert.Equal("3", (await NextAsync(items)).Notification.Payload);
        gap = (await NextAsync(items)).Resync!;
        Assert.Equal((ResyncReason.Overflow, 98), (gap.Reason, gap.Dropped));
        await server.NotifyAsync(channel, "after");
        Assert.Equal("after", (await NextAsync(items)).Notification.Payload);
    }

    [Fact]
    public async Task What_a_readers_callback_for_gaps_throws_is_thrown_to_the_reader()
    {
        await using var listener = new Listener(server.ConnectionString);
        await listener.StartAsync(Cancellation);
        var options = new SubscriptionOptions { OnResync = (_, _) => throw new InvalidOperationException("the reader's own") };
        await using var notifications = listener.ReadAllAsync(NewChannel(), options, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.Equal("the reader's own", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await notifications.MoveNextAsync())).Message);
        Assert.Empty(listener.GetStatistics());
    }

    [Fact]
    public async Task A_callback_with_options_hears_of_gaps_again_and_again_until_it_succeeds()
    {
        var channel = NewChannel();
        var order = new ConcurrentQueue<string>();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var calls = 0;
        await using var listener = new Listener(server.ConnectionString);
        await listener.AddCallbackAsync(
            channel,
            (context, _) =>
            {
                order.Enqueue(context.Payload);
                done.TrySetResult();
                return Task.CompletedTask;
            },
            new SubscriptionOptions
            {
                OnResync = (resync, _) =>
                {
                    order.Enqueue(resync.Reason.ToString());
                    return ++calls < 4 ? throw new TimeoutException() : Task.CompletedTask;
                },
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        await server.NotifyAsync(channel, "1");
        listener.Listen();
        Assert.True(SpinWait.SpinUntil(() => listener.GetStatistics()[0].ResyncFailure is not null, TimeSpan.FromSeconds(20)));
        await done.Task.SoonAsync();
        Assert.Equal(["Started", "Started", "Started", "Started", "1"], order);
        Assert.Null(listener.GetStatistics()[0].ResyncFailure);
    }

    [Fact]
    public async Task A_listener_that_is_never_told_to_call_its_callbacks_says_so_before_it_drops()
    {
        var channel = NewChannel();
        using var log = new ListenerLog();
        await using var listener = new Listener(server.ConnectionString, new() { LoggerFactory = log, QueueCapacity = 10 });
        await listener.AddCallbackAsync(channel, (_, _) => Task.CompletedTask, Cancellation);
        await listener.StartAsync(Cancellation);
        await server.Sender.NotifyRangeAsync(channel, 1, 20, cancellationToken: Cancellation);
        await log.NotDispatching.NextAsync();
        await log.Overflowed.NextAsync();
    }

    [Fact]
    public async Task Only_the_one_that_hangs_overflows_and_not_a_healthy_neighbour()
    {
        const int Count = 200_000;
        var channel = NewChannel();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var arrived = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var listener = new Listener(server.ConnectionString, new() { QueueCapacity = 1_000, MaxBackpressure = TimeSpan.FromSeconds(2) });
        await using var hanging = await listener.SubscribeAsync(channel, (_, _) => release.Task, new() { Name = "hanging" }, Cancellation);
        await using var healthy = await listener.SubscribeAsync(
            channel,
            async (_, _) =>
            {
                if (Interlocked.Increment(ref arrived) == Count)
                    all.SetResult();
                if (arrived % 500 == 0)
                    await Task.Yield();
            },
            new() { Name = "healthy" },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.Sender.NotifyRangeAsync(channel, 1, Count, cancellationToken: Cancellation);
        await all.Task.SoonAsync(90);
        release.SetResult();
        Assert.Equal(0, listener.GetStatistics().Single(one => one.Name == "healthy").Dropped);
        Assert.InRange(listener.GetStatistics().Single(one => one.Name == "hanging").Dropped, 1, Count);
    }

    private static async Task<StreamItem> NextAsync(IAsyncEnumerator<StreamItem> items)
    {
        Assert.True(await items.MoveNextAsync().AsTask().SoonAsync());
        return items.Current;
    }
}
