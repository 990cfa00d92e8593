using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Subscriptions with a handle of their own, and readers of one channel.</summary>
public class SubscriptionTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_server_is_told_when_the_first_comes_and_when_the_last_goes()
    {
        var channel = NewChannel();
        await using var listener = new Listener(server.ConnectionString);
        await listener.StartAsync(Cancellation);
        var first = await listener.SubscribeAsync(channel, (_, _) => Task.CompletedTask, cancellationToken: Cancellation);
        var second = await listener.SubscribeAsync(channel, (_, _) => Task.CompletedTask, cancellationToken: Cancellation);
        Assert.Equal([channel], await listener.GetListeningChannelsAsync(Cancellation));
        await first.DisposeAsync();
        await first.DisposeAsync();
        Assert.Equal([channel], await listener.GetListeningChannelsAsync(Cancellation));
        await second.DisposeAsync();
        Assert.Empty(await listener.GetListeningChannelsAsync(Cancellation));
    }

    [Fact]
    public async Task Clearing_callbacks_does_not_end_a_subscription()
    {
        var channel = NewChannel();
        var received = new Received<string>();
        await using var listener = new Listener(server.ConnectionString);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await using var subscription = await listener.SubscribeAsync(channel, received.Payloads(), cancellationToken: Cancellation);
        await listener.ClearAllChannelsAsync(Cancellation);
        await server.NotifyAsync(channel, "heard");
        Assert.Equal("heard", await received.NextAsync());
    }

    [Fact]
    public async Task A_reader_of_one_channel_listens_as_long_as_it_reads()
    {
        var channel = NewChannel();
        await using var listener = new Listener(server.ConnectionString);
        await listener.StartAsync(Cancellation);
        await foreach (var notification in listener.ReadAllAsync(channel, new() { OnResync = (_, token) => server.NotifyAsync(channel, "heard") }, Cancellation))
        {
            Assert.Equal("heard", notification.Payload);
            Assert.Equal([channel], await listener.GetListeningChannelsAsync(Cancellation));
            break;
        }

        Assert.Empty(await listener.GetListeningChannelsAsync(Cancellation));
    }

    [Fact]
    public async Task A_thousand_channels_are_listened_to_together()
    {
        var prefix = NewChannel();
        var received = new Received<string>();
        await using var listener = new Listener(server.ConnectionString);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => listener.AddCallbackAsync($"{prefix}{i}", received.Payloads(), Cancellation))).SoonAsync();
        Assert.Equal(1000, (await listener.GetListeningChannelsAsync(Cancellation)).Count);
        await server.NotifyAsync($"{prefix}999", "heard");
        Assert.Equal("heard", await received.NextAsync());
        await listener.ClearAllChannelsAsync(Cancellation).SoonAsync();
        Assert.Empty(await listener.GetListeningChannelsAsync(Cancellation));
    }

    [Fact]
    public async Task Adding_is_quick_on_an_idle_connection()
    {
        // The wait of the connection ends by itself only after a minute, so it has to be woken for each of these.
        await using var listener = new Listener(server.ConnectionString, new() { KeepAlive = TimeSpan.FromMinutes(1) });
        await listener.StartAsync(Cancellation);
        for (var i = 0; i < 20; i++)
            await listener.AddChannelAsync(NewChannel() + i, Cancellation).SoonAsync();
        Assert.Equal(20, (await listener.GetListeningChannelsAsync(Cancellation)).Count);
    }

    [Fact]
    public async Task A_cancelled_wait_adds_nothing()
    {
        var channel = NewChannel();
        await using var listener = new Listener(server.ConnectionString);
        await listener.StartAsync(Cancellation);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => listener.AddCallbackAsync(channel, (_, _) => Task.CompletedTask, new CancellationToken(canceled: true)));
        Assert.Empty(await listener.GetListeningChannelsAsync(Cancellation));
    }

    [Fact]
    public async Task A_queue_that_is_full_holds_back_the_server_and_loses_nothing()
    {
        const int Count = 5_000;
        var channel = NewChannel();
        var received = new Received<string>();
        var proceed = new TaskCompletionSource();
        await using var listener = new Listener(server.ConnectionString, new() { QueueCapacity = 10 });
        await using var subscription = await listener.SubscribeAsync(
            channel,
            async (context, _) =>
            {
                await proceed.Task;
                received.Add(context.Payload);
            },
            cancellationToken: Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await using (var command = server.Sender.CreateCommand($"select pg_notify($1, i::text) from generate_series(1, {Count}) i"))
        {
            command.Parameters.Add(new() { Value = channel });
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        proceed.SetResult();
        Assert.Equal(Enumerable.Range(1, Count).Select(i => $"{i}"), await received.NextAsync(Count, seconds: 60));
    }

    [Fact]
    public async Task A_queue_that_stays_full_overflows_and_says_so()
    {
        const int Count = 1_000;
        var channel = NewChannel();
        var (stuck, other) = (new Received<string>(), new Received<string>());
        var proceed = new TaskCompletionSource();
        await using var listener = new Listener(server.ConnectionString);
        await using var subscription = await listener.SubscribeAsync(
            channel,
            async (context, _) =>
            {
                await proceed.Task;
                stuck.Add(context.Payload);
            },
            new()
            {
                QueueCapacity = 10,
                MaxBackpressure = TimeSpan.FromMilliseconds(50),
                OnResync = (resync, _) =>
                {
                    stuck.Add($"{resync.Reason} {resync.Dropped}");
                    return Task.CompletedTask;
                },
            },
            Cancellation);
        await using var witness = await listener.SubscribeAsync(channel, other.Payloads(), cancellationToken: Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await using (var command = server.Sender.CreateCommand($"select pg_notify($1, i::text) from generate_series(1, {Count}) i"))
        {
            command.Parameters.Add(new() { Value = channel });
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        Assert.Equal(Enumerable.Range(1, Count).Select(i => $"{i}"), await other.NextAsync(Count, seconds: 60));
        proceed.SetResult();
        Assert.Equal("Started 0", await stuck.NextAsync());
        Assert.Equal(Enumerable.Range(1, 10).Select(i => $"{i}"), await stuck.NextAsync(10, seconds: 20));
        Assert.Equal($"Overflow {Count - 10}", await stuck.NextAsync());
        await server.NotifyAsync(channel, "after");
        Assert.Equal("after", await stuck.NextAsync());
    }
}
