using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Bursts over many channels, sent by several at a time: everything arrives, and nobody stays asleep.</summary>
[Collection(nameof(Alone))]
public sealed class WakeUpStressTests(ServerFixture server)
{
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
}
