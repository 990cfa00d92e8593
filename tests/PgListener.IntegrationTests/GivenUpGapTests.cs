using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>A listener is stopped while a subscription cannot read again what it may have missed, and started again.</summary>
public class GivenUpGapTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, false)]
    [InlineData(4, false)]
    [InlineData(1, true)]
    [InlineData(4, true)]
    public async Task What_stood_behind_it_is_not_handed_over_and_the_next_start_announces_it(int maxConcurrency, bool abortsFirst)
    {
        var channel = NewChannel();
        var (received, neighbour) = (new Received<string>(), new Received<string>());
        var isDown = true;
        Resync? last = null;
        await using var listener = new Listener(server.ConnectionString);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await using var subscription = await listener.SubscribeAsync(
            channel,
            received.Payloads(),
            new()
            {
                MaxConcurrency = maxConcurrency,
                OnResync = (resync, _) =>
                {
                    last = resync;
                    received.Add(resync.Reason.ToString());
                    return Volatile.Read(ref isDown) ? throw new InvalidOperationException("It is down.") : Task.CompletedTask;
                },
            },
            Cancellation);
        await using var other = await listener.SubscribeAsync(channel, neighbour.Payloads(), cancellationToken: Cancellation);
        await server.NotifyAsync(channel, "lost");
        Assert.Equal("lost", await neighbour.NextAsync()); // It gets what comes after the other.
        Assert.Equal("Started", await received.NextAsync());
        if (abortsFirst)
            listener.AbortListen();
        await listener.StopAsync(Cancellation).SoonAsync();
        while (received.Waiting > 0)
            Assert.Equal("Started", await received.NextAsync());
        Assert.All(listener.GetStatistics(), one => Assert.Null(one.ResyncFailure));

        Volatile.Write(ref isDown, false);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(channel, "heard");
        Assert.Equal(["Started", "heard"], await received.NextAsync(2, seconds: 20));
        Assert.Null(last!.Since);
    }
}
