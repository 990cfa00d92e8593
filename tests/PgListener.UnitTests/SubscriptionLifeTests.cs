using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Session;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>A subscription that is ended, at whichever moment of a start, stays ended; and one can be made up for a test.</summary>
public sealed class SubscriptionLifeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

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
    public async Task Those_that_are_removed_while_a_run_begins_have_nothing_running_in_it()
    {
        var time = TimeProvider.System;
        var context = new SubscriptionContext(new(), new(time), new(), _ => throw new NotSupportedException(), time, new FakeLogger());
        for (var round = 0; round < 20; round++)
        {
            var routing = new RoutingKit();
            var owner = new SessionOwner(routing.Difference, routing.Router, new(time, context.Logger), context.LastGood);
            await using var link = new IdleLink(new(routing.Difference, context.Backpressure, static _ => { }));
            var loop = new ListenerLoop(link.RunAsync, owner, context.Options, time, static () => 0, context.Logger) { WaitToRetry = link.WaitToRetryAsync };
            var runs = new ListenerRuns(owner, routing.Table, link, loop, context.Dispatching, context.Options, time, context.Logger);
            var subscriptions = Enumerable.Range(0, 100).Select(i => new Subscription($"c{i}", (_, _) => Task.CompletedTask, new(), context)).ToArray();
            foreach (var subscription in subscriptions)
                _ = runs.Add(subscription);
            var ending = Task.Run(() => Array.ForEach(subscriptions, runs.Remove), TestContext.Current.CancellationToken);
            var run = runs.Begin(firstMustSucceed: false);
            var used = Task.Run(() => Array.ConvertAll(subscriptions, subscription => subscription.Queue), TestContext.Current.CancellationToken);
            await ending.WaitAsync(Limit, TestContext.Current.CancellationToken);
            Assert.True(SpinWait.SpinUntil(() => Array.TrueForAll(subscriptions, subscription => subscription.HasEnded), Limit));
            Assert.All(await used, queue => Assert.True(queue?.IsCompleted ?? true));
            await runs.EndAsync(run).WaitAsync(Limit, TestContext.Current.CancellationToken);
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
