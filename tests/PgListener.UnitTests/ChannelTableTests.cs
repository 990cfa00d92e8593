using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>Wanted against applied, with a session played by hand.</summary>
public class ChannelTableTests
{
    private readonly RoutingKit _routing = new();
    private readonly SubscriptionContext _context;

    public ChannelTableTests()
    {
        var time = new FakeTimeProvider();
        _context = new(new(), new(time), new(), _ => throw new NotSupportedException(), time, new FakeLogger());
    }

    [Fact]
    public async Task Adding_completes_when_the_server_listens_and_removing_when_it_no_longer_does()
    {
        _routing.Difference.BeginSession();
        var added = _routing.Table.Add(Subscribe("a", out var subscription, out _));
        Assert.False(added.IsCompleted);
        Apply("LISTEN a");
        await added;

        var removed = _routing.Table.Remove(subscription);
        Assert.False(removed.IsCompleted);
        Apply("UNLISTEN a");
        await removed;
        Apply();
    }

    [Fact]
    public async Task An_edit_that_is_taken_back_in_time_never_reaches_the_server()
    {
        _routing.Difference.BeginSession();
        var added = _routing.Table.Add(Subscribe("a", out var subscription, out _));
        var removed = _routing.Table.Remove(subscription);
        Apply();
        await added;
        await removed;
    }

    [Fact]
    public async Task An_edit_of_a_channel_whose_LISTEN_is_in_progress_is_sent_after_its_answer()
    {
        _routing.Difference.BeginSession();
        _ = _routing.Table.Add(Subscribe("a", out var subscription, out _));
        var underWay = _routing.Difference.TakeChanges();
        var removed = _routing.Table.Remove(subscription);
        _ = _routing.Table.Add(Subscribe("b", out _, out _));
        Apply("LISTEN b"); // As of many channels, whose next part is taken while the one before is in progress.
        Assert.False(removed.IsCompleted);
        _routing.Difference.Apply(underWay);
        Apply("UNLISTEN a");
        await removed;
    }

    [Fact]
    public async Task However_many_edits_the_server_has_not_been_told_of_they_share_one_wait()
    {
        // Without a session: as browsers that come, give up and come again while the server is down.
        var first = _routing.Table.Add(Subscribe("a", out _, out _));
        for (var i = 0; i < 100; i++)
        {
            Assert.Same(first, _routing.Table.Add(Subscribe("a", out var other, out _)));
            Assert.Same(first, _routing.Table.Remove(other));
        }

        _routing.Difference.BeginSession();
        var underWay = _routing.Difference.TakeChanges();
        var later = _routing.Table.Add(Subscribe("a", out _, out _));
        Assert.NotSame(first, later);
        _routing.Difference.Apply(underWay);
        await first;
    }

    [Fact]
    public void Whoever_subscribes_while_the_channel_is_being_given_up_hears_that_it_started_once_it_has()
    {
        _routing.Difference.BeginSession();
        _ = _routing.Table.Add(Subscribe("a", out var first, out _));
        Apply("LISTEN a");
        _ = _routing.Table.Remove(first);
        var underWay = _routing.Difference.TakeChanges();

        _ = _routing.Table.Add(Subscribe("a", out _, out var queue));
        _routing.Deliver("a", "sent before", new());
        Assert.Empty(Taken(queue));
        _routing.Difference.Apply(underWay);
        Assert.Empty(Taken(queue));
        Apply("LISTEN a");
        _routing.Deliver("a", "sent after", new());
        Assert.Equal(["Started", "sent after"], Taken(queue));
    }

    [Fact]
    public void A_notification_that_comes_before_the_answer_to_its_LISTEN_comes_after_its_announcement()
    {
        _routing.Difference.BeginSession();
        _ = _routing.Table.Add(Subscribe("a", out _, out var queue));
        var underWay = _routing.Difference.TakeChanges();
        _routing.Deliver("a", "early", new());
        _routing.Difference.Apply(underWay);
        Assert.Equal(["Started", "early"], Taken(queue));

        _routing.Difference.EndSession();
        _routing.Difference.BeginSession();
        Apply("LISTEN a");
        Assert.Equal(["Reconnected"], Taken(queue));
    }

    [Fact]
    public async Task A_stop_ends_every_wait()
    {
        _routing.Difference.BeginSession();
        var added = _routing.Table.Add(Subscribe("a", out _, out _));
        _routing.Difference.EndSession();
        Assert.False(added.IsCompleted);
        _routing.Difference.Abandon();
        await Assert.ThrowsAsync<ListenerClosedException>(() => added);
    }

    [Fact]
    public void A_channel_that_was_given_up_and_is_wanted_again_is_delivered_to_whoever_wants_it_now()
    {
        _routing.Difference.BeginSession();
        foreach (var text in new[] { "first", "second" })
        {
            _ = _routing.Table.Add(Subscribe("a", out var subscription, out var queue));
            Apply("LISTEN a");
            _routing.Deliver("a", text, new());
            Assert.Equal(["Started", text], Taken(queue));
            _ = _routing.Table.Remove(subscription);
            Apply("UNLISTEN a");
        }
    }

    private Subscription Subscribe(string channel, out Subscription subscription, out SubscriptionQueue queue)
    {
        subscription = new(channel, callback: null, new() { OnResync = (_, _) => Task.CompletedTask }, _context);
        subscription.Begin(isPaused: false, CancellationToken.None);
        queue = subscription.Queue!;
        return subscription;
    }

    [Fact]
    public async Task After_the_end_of_a_session_nothing_is_taken_to_be_listened_to()
    {
        _routing.Difference.BeginSession();
        _ = _routing.Table.Add(Subscribe("a", out _, out _));
        Apply("LISTEN a");
        _routing.Difference.EndSession();
        var added = _routing.Table.Add(Subscribe("a", out _, out _));
        Assert.False(added.IsCompleted);
        _routing.Difference.BeginSession();
        Apply("LISTEN a");
        await added;
    }

    [Fact]
    public void Changes_are_taken_a_few_at_a_time_and_a_LISTEN_among_them_is_known()
    {
        _routing.Difference.BeginSession();
        for (var i = 0; i < 5; i++)
            _ = _routing.Table.Add(Subscribe($"{i}", out _, out _));
        Assert.Equal((5, true), (_routing.Difference.Count, _routing.Difference.HasListens));
        Assert.Equal(3, _routing.Difference.TakeChanges(3).Count);
        Assert.Equal((2, true, true), (_routing.Difference.Count, _routing.Difference.HasListens, _routing.Difference.HasChanges));
        Assert.Equal(2, _routing.Difference.TakeChanges(3).Count);
        Assert.Equal((0, false, false), (_routing.Difference.Count, _routing.Difference.HasListens, _routing.Difference.HasChanges));
    }

    [Fact]
    public void An_UNLISTEN_is_nothing_that_anybody_is_in_a_hurry_for()
    {
        _routing.Difference.BeginSession();
        _ = _routing.Table.Add(Subscribe("a", out var subscription, out _));
        Apply("LISTEN a");
        _ = _routing.Table.Remove(subscription);
        Assert.Equal((true, false), (_routing.Difference.HasChanges, _routing.Difference.HasListens));
        _ = _routing.Table.Add(subscription);
        Assert.False(_routing.Difference.HasListens);
        Apply();
    }

    private void Apply(params string[] expected)
    {
        var changes = _routing.Difference.TakeChanges();
        Assert.Equal(expected, changes.Select(change => $"{(change.Listen ? "LISTEN" : "UNLISTEN")} {change.Route.Channel}"));
        _routing.Difference.Apply(changes);
    }

    private static string[] Taken(SubscriptionQueue queue)
    {
        var taken = new List<string>();
        var items = new QueueItem[9];
        while (queue.Take(items) is > 0 and var count)
            taken.AddRange(items.Take(count).Select(item => item.Gap?.ToResync().Reason.ToString() ?? (string)item.Content));
        return [.. taken];
    }
}
