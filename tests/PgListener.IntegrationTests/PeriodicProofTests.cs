using Npgsql;
using PgListener.TestServer;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>The proof that notifications arrive, which is repeated while a session lasts.</summary>
public sealed class PeriodicProofTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_repeated_while_there_is_always_something_to_read()
    {
        const int Subscriptions = 1_000;
        const int Count = 200_000;
        var channel = NewChannel();
        await using var own = await TestServers.StartOwnAsync(); // A session that reads slowly keeps others from dropping a database.
        await using var proxy = FaultProxy.Start(own.ConnectionString);
        var sources = 0;
        await using var listener = new Listener(own.ConnectionString, new() { KeepAlive = TimeSpan.FromSeconds(1), ProveDeliveryInterval = TimeSpan.FromSeconds(1) }, builder =>
        {
            // Each proof is sent on a new connection of the second source.
            if (++sources == 2)
                (builder.ConnectionStringBuilder.Host, builder.ConnectionStringBuilder.Port) = ("127.0.0.1", new NpgsqlConnectionStringBuilder(proxy.ConnectionString).Port);
        });

        // Callbacks are not called yet. So many queues that are full and drop make the reading of a notification take long.
        for (var i = 0; i < Subscriptions; i++)
            await listener.SubscribeAsync(channel, (_, _) => Task.CompletedTask, new() { QueueCapacity = 1, FullQueueMode = FullQueueMode.Drop }, Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        await using (var sender = NpgsqlDataSource.Create($"{own.ConnectionString};Pooling=false"))
            await sender.NotifyRangeAsync(channel, 0, Count, cancellationToken: Cancellation);
        await WhenAsync(() => Received() > 0);
        var before = proxy.Accepted;
        await WhenAsync(() => proxy.Accepted >= before + 2 || Received() == Count);
        Assert.InRange(Received(), 1, Count - 1);

        long Received() => listener.GetStatistics()[^1].Received;
    }

    private static async Task WhenAsync(Func<bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!condition())
            await look.WaitForNextTickAsync(limit.Token);
    }
}
