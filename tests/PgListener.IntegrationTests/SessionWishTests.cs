using System.Diagnostics;
using Npgsql;
using PgListener.TestServer;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>What others want of the connection that listens: channels, and answers to questions.</summary>
public sealed class SessionWishTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_LISTEN_that_fails_together_with_a_question_leaves_no_channel_deaf()
    {
        var channel = NewChannel();
        var received = new Received<string>();
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        await using var listener = server.ListenThrough(proxy, new() { ReconnectDelay = TimeSpan.FromMilliseconds(10), MaxReconnectDelay = TimeSpan.FromMilliseconds(50) });
        await listener.StartAsync(Cancellation).SoonAsync();
        listener.Listen();

        // The session is busy with a question until both are left.
        proxy.FreezeToServer();
        var before = proxy.FromClients;
        var first = listener.GetListeningChannelsAsync(Cancellation);
        await proxy.WhenAsync(proxy => proxy.FromClients > before, Cancellation).SoonAsync();
        var subscribed = listener.SubscribeAsync(channel, received.Payloads(), cancellationToken: Cancellation);
        var asked = listener.GetListeningChannelsAsync(Cancellation);
        proxy.Tamper("LISTEN ", "LISTXN ");
        proxy.Thaw();
        Assert.Empty(await first.SoonAsync());
        Assert.Equal(PostgresErrorCodes.SyntaxError, (await Assert.ThrowsAsync<PostgresException>(() => asked.SoonAsync())).SqlState);
        Assert.False(subscribed.IsCompleted);

        proxy.StopTampering();
        await using var subscription = await subscribed.SoonAsync();
        await server.NotifyAsync(channel, "heard");
        Assert.Equal("heard", await received.NextAsync());
        Assert.Equal([channel], await listener.GetListeningChannelsAsync(Cancellation).SoonAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_reading_is_paused_what_is_wanted_during_an_answer_is_gathered_anew(bool isQuestion)
    {
        var channel = NewChannel();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        await using var listener = server.ListenThrough(proxy, new() { QueueCapacity = 10, KeepAlive = TimeSpan.FromMinutes(1), MaxBackpressure = TimeSpan.FromMinutes(10) });
        await using var stuck = await listener.SubscribeAsync(channel, (_, _) => release.Task, cancellationToken: Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        listener.Listen();
        await server.Sender.NotifyRangeAsync(channel, 1, 200, cancellationToken: Cancellation);
        await listener.WhenQueuedAsync(10);

        // The first is sent after it was gathered, and its answer takes its time.
        proxy.Delay = TimeSpan.FromMilliseconds(300);
        var before = proxy.FromClients;
        var first = isQuestion ? listener.GetListeningChannelsAsync(Cancellation) : listener.AddChannelAsync($"{channel}1", Cancellation);
        await proxy.WhenAsync(proxy => proxy.FromClients > before, Cancellation).SoonAsync();
        before = proxy.FromClients;
        var watch = Stopwatch.StartNew();
        var second = listener.AddChannelAsync($"{channel}2", Cancellation);
        await proxy.WhenAsync(proxy => proxy.FromClients > before, Cancellation).SoonAsync();
        Assert.InRange(watch.Elapsed.TotalSeconds, 1.2, 20);
        release.SetResult();
        await Task.WhenAll(first, second).SoonAsync();
    }
}
