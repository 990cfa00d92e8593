using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Durable.Membership;
using PgListener.Durable.Operations;
using PgListener.Registration;

namespace PgListener.Durable.Tests.Operations;

/// <summary>How often the database is asked where the subscriptions are.</summary>
public class WatchTests(ServerFixture server)
{
    [Fact]
    public async Task Nothing_is_read_again_while_nothing_happens()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var application = await Application.StartAsync(database.ConnectionString);
        await Application.UntilAsync(async () => await application.StatusAsync() is { Shards: [{ Holder: not null }] }, "Nobody holds the shard.");
        var time = new FakeTimeProvider();
        var state = new CoordinationState(time) { IsQuiet = true };
        var orders = new DurableSubscription(
            OrderPlaced.ChannelName, OrderPlaced.ChannelName, Application.Orders.Handler, new(), new(), new MessageHandler((_, _, _) => Task.CompletedTask, OnResync: null));
        using var watch = new DurableWatch(database.DataSource, new(""), new(state, [orders], instance: ""), new(), time, new FakeLogger());
        using var stop = new CancellationTokenSource();
        var running = watch.RunAsync(stop.Token);
        await Application.UntilAsync(() => Task.FromResult(watch.Latest.Count == 1), "It does not read.");
        var first = watch.Latest;

        // A minute in which it wakes up and does not read; and then, something was received.
        for (var i = 0; i < 60; i++)
            await StepAsync(1);
        Assert.Same(first, watch.Latest);
        orders.Counts.Receive(1);
        await UntilReadAsync(first);

        // The message is settled by that reading. A look that finds something has it read again, and so does a long time.
        var second = watch.Latest;
        state.IsQuiet = false;
        await UntilReadAsync(second);
        state.IsQuiet = true;
        var third = watch.Latest;
        await StepAsync((int)DurableWatch.QuietInterval.TotalSeconds);
        await UntilReadAsync(third);
        await stop.CancelAsync();
        await running;

        async Task StepAsync(int seconds)
        {
            time.Advance(TimeSpan.FromSeconds(seconds));
            await Task.Delay(10, TestContext.Current.CancellationToken); // So that the watch, which waits for this clock, goes its round.
        }

        Task UntilReadAsync(IReadOnlyList<DurableSubscriptionStatus> before) => Application.UntilAsync(
            async () =>
            {
                await StepAsync(1);
                return !ReferenceEquals(before, watch.Latest);
            },
            "It does not read again.");
    }
}
