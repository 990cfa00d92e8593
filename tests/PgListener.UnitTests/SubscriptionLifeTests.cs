using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>A subscription that is ended, at whichever moment of a start, stays ended; and one can be made up for a test.</summary>
public sealed class SubscriptionLifeTests
{
    [Fact]
    public async Task One_that_was_removed_is_not_revived_by_a_start_that_was_under_way()
    {
        var time = new FakeTimeProvider();
        var context = new SubscriptionContext(new(), new(time), new(), _ => throw new NotSupportedException(), time, new FakeLogger());
        var table = new RoutingKit().Table;
        var subscription = new Subscription("a", (_, _) => Task.CompletedTask, new(), context);
        _ = table.Add(subscription);
        var seenByTheStart = table.All;
        _ = table.Remove(subscription);
        await subscription.EndAsync(discard: true);
        foreach (var seen in seenByTheStart)
            seen.Begin(isPaused: true, CancellationToken.None);
        Assert.Null(subscription.Queue);
        Assert.True(subscription.HasEnded);
    }

    [Fact]
    public async Task Subscriptions_that_are_disposed_of_while_the_listener_starts_are_gone()
    {
        for (var round = 0; round < 50; round++)
        {
            await using var listener = new Listener("Host=127.0.0.1;Port=1", new() { DrainTimeout = TimeSpan.Zero });
            var subscriptions = new List<ListenerSubscription>();
            for (var i = 0; i < 100; i++)
                subscriptions.Add(await listener.SubscribeAsync($"c{i}", (_, _) => Task.CompletedTask, cancellationToken: TestContext.Current.CancellationToken));
            var ending = Task.Run(
                async () =>
                {
                    foreach (var subscription in subscriptions)
                        await subscription.DisposeAsync();
                },
                TestContext.Current.CancellationToken);
            listener.Start();
            await ending.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
            Assert.Empty(listener.GetStatistics());
        }
    }

    [Fact]
    public async Task A_subscription_can_be_made_up_for_a_fake()
    {
        var ended = 0;
        HandlerOptions? updated = null;
        var subscription = new ListenerSubscription("orders", () => ended++, options => updated = options);
        var options = new HandlerOptions();
        subscription.Update(options);
        await subscription.DisposeAsync();
        await subscription.DisposeAsync();
        Assert.Equal(("orders", 1), (subscription.Channel, ended));
        Assert.Same(options, updated);
        await using var nothing = new ListenerSubscription("a");
        nothing.Update(options);
    }

    [Fact]
    public void An_item_of_a_stream_is_a_notification_or_a_gap()
    {
        var notification = new StreamItem(new Notification("a", "1", 2));
        Assert.False(notification.IsGap(out _));
        Assert.Equal("1", notification.Notification.Payload);
        var resync = new Resync("a", ResyncReason.Started, since: null, DateTimeOffset.UnixEpoch);
        var gap = new StreamItem(resync);
        Assert.True(gap.IsGap(out var found));
        Assert.Same(resync, found);
        Assert.Throws<InvalidOperationException>(() => gap.Notification);
        Assert.Contains("Started", gap.ToString(), StringComparison.Ordinal);
    }
}
