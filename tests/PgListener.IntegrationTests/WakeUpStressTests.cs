using System.Diagnostics;
using PgListener.TestServer;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Bursts over many channels, sent by several at a time: everything arrives, and nobody stays asleep.</summary>
[Collection(nameof(Alone))]
public sealed class WakeUpStressTests(ServerFixture server)
{
    /// <summary>Fewer bytes than any wake-up sends. Not measured, because a single request may need none, or two.</summary>
    private const int LeastWakeUp = 100;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 4, 4_000)]
    [InlineData(100, 4, 20_000)]
    [InlineData(100, 16, 20_000)]
    [InlineData(5_000, 8, 30_000)]
    public async Task Each_burst_over_all_channels_reaches_every_subscription(int channels, int writers, int perWriter)
    {
        const int Burst = 50;
        var prefix = NewChannel();
        var counts = new int[channels];
        var expected = new int[channels];
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = writers * perWriter;
        var gaps = 0;
        await using var listener = new Listener(server.ConnectionString);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await Task.WhenAll(Enumerable.Range(0, channels).Select(i => listener.AddCallbackAsync(
            $"{prefix}{i}",
            (_, _) =>
            {
                Interlocked.Increment(ref counts[i]);
                if (Interlocked.Decrement(ref left) == 0)
                    all.TrySetResult();
                return Task.CompletedTask;
            },
            new SubscriptionOptions
            {
                OnResync = (resync, _) =>
                {
                    if (resync.Reason != ResyncReason.Started)
                        Interlocked.Increment(ref gaps);
                    return Task.CompletedTask;
                },
            },
            Cancellation))).SoonAsync(60);

        // The writers do not wait for each other, and each burst goes over other channels than the one before.
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(
            async () =>
            {
                for (var sent = 0; sent < perWriter; sent += Burst)
                {
                    var first = writer * 7919 + sent;
                    await using var command = server.Sender.CreateCommand("select count(pg_notify($1 || ((i % $2)::text), i::text)) from generate_series($3::int, $4::int) i");
                    command.Parameters.Add(new() { Value = prefix });
                    command.Parameters.Add(new() { Value = channels });
                    command.Parameters.Add(new() { Value = first });
                    command.Parameters.Add(new() { Value = first + Burst - 1 });
                    await command.ExecuteNonQueryAsync(Cancellation);
                    for (var i = first; i < first + Burst; i++)
                        Interlocked.Increment(ref expected[i % channels]);
                }
            },
            Cancellation))).SoonAsync(240);

        await all.Task.SoonAsync(60);
        Assert.Equal(expected, counts);
        Assert.Equal((0, ListenerState.Listening), (gaps, listener.State));
    }

    [Fact]
    public async Task Channels_that_are_added_one_after_the_other_do_not_take_a_wake_up_each()
    {
        const int Count = 500;
        var prefix = NewChannel();
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        await using var listener = server.WakeThrough(proxy, new() { KeepAlive = TimeSpan.FromMinutes(1) });
        await StartAndWakeAsync(listener, proxy);
        var before = proxy.FromClients;
        for (var i = 0; i < Count; i++)
            await listener.AddChannelAsync($"{prefix}{i}", Cancellation).SoonAsync();
        Assert.InRange(proxy.FromClients - before, 0, Count / 2 * LeastWakeUp);
        Assert.Equal(Count + 1, (await listener.GetListeningChannelsAsync(Cancellation).SoonAsync()).Count);
    }

    [Fact]
    public async Task Channels_that_are_added_together_take_few_wake_ups()
    {
        const int Count = 5_000;
        var prefix = NewChannel();
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        await using var listener = server.WakeThrough(proxy, new() { KeepAlive = TimeSpan.FromMinutes(1) });
        await StartAndWakeAsync(listener, proxy);
        var before = proxy.FromClients;
        await Task.WhenAll(Enumerable.Range(0, Count).Select(i => listener.AddChannelAsync($"{prefix}{i}", Cancellation))).SoonAsync(60);
        Assert.InRange(proxy.FromClients - before, 0, 20 * LeastWakeUp);
    }

    [Fact]
    public async Task A_notification_does_not_wait_for_channels_that_might_be_added()
    {
        var channel = NewChannel();
        var received = new Received<string>();
        await using var listener = new Listener(server.ConnectionString, new() { KeepAlive = TimeSpan.FromMinutes(1) });
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        var best = TimeSpan.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < 5; i++)
                await listener.AddChannelAsync($"{channel}_{round}_{i}", Cancellation).SoonAsync();
            var watch = Stopwatch.StartNew();
            await server.NotifyAsync(channel, $"{round}");
            Assert.Equal($"{round}", await received.NextAsync());
            best = watch.Elapsed < best ? watch.Elapsed : best;
        }

        Assert.InRange(best.TotalSeconds, 0, 0.5);
    }

    /// <summary>Starts a listener, and adds a channel to it, so that its second connection is kept.</summary>
    private static async Task StartAndWakeAsync(Listener listener, FaultProxy proxy)
    {
        await listener.StartAsync(Cancellation).SoonAsync();
        await listener.AddChannelAsync(NewChannel(), Cancellation).SoonAsync();
        await proxy.WhenAsync(_ => proxy.Connections == 1, Cancellation).SoonAsync(); // The one of the proof is closed.
    }
}
