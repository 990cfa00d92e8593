using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Routing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>Wanted against applied, with a session played by hand.</summary>
public class ChannelTableTests
{
    private readonly ChannelTable _table = new();
    private readonly SubscriptionContext _context;

    public ChannelTableTests()
    {
        var time = new FakeTimeProvider();
        _context = new(new(), new(time), new(), _ => throw new NotSupportedException(), time, new FakeLogger());
    }

    [Fact]
    public async Task Adding_completes_when_the_server_listens_and_removing_when_it_no_longer_does()
    {
        var session = _table.BeginSession();
        var added = _table.Add(Subscribe("a", out var subscription, out _));
        Assert.False(added.IsCompleted);
        Apply(session, "LISTEN a");
        await added;

        var removed = _table.Remove(subscription);
        Assert.False(removed.IsCompleted);
        Apply(session, "UNLISTEN a");
        await removed;
        Apply(session);
    }

    [Fact]
    public async Task An_edit_that_is_taken_back_in_time_never_reaches_the_server()
    {
        var session = _table.BeginSession();
        var added = _table.Add(Subscribe("a", out var subscription, out _));
        var removed = _table.Remove(subscription);
        Apply(session);
        await added;
        await removed;
    }

    [Fact]
    public void Whoever_subscribes_while_the_channel_is_being_given_up_hears_that_it_started_once_it_has()
    {
        var session = _table.BeginSession();
        _ = _table.Add(Subscribe("a", out var first, out _));
        Apply(session, "LISTEN a");
        _ = _table.Remove(first);
        var underWay = _table.TakeChanges(session);

        _ = _table.Add(Subscribe("a", out _, out var queue));
        _table.Deliver(session, "a", "sent before", 0, new());
        Assert.Empty(Taken(queue));
        _table.Apply(session, underWay);
        Assert.Empty(Taken(queue));
        Apply(session, "LISTEN a");
        _table.Deliver(session, "a", "sent after", 0, new());
        Assert.Equal(["Started", "sent after"], Taken(queue));
    }

    [Fact]
    public void A_notification_that_comes_before_the_answer_to_its_LISTEN_comes_after_its_announcement()
    {
        var session = _table.BeginSession();
        _ = _table.Add(Subscribe("a", out _, out var queue));
        var underWay = _table.TakeChanges(session);
        _table.Deliver(session, "a", "early", 0, new());
        _table.Apply(session, underWay);
        Assert.Equal(["Started", "early"], Taken(queue));

        _table.EndSession(session);
        Apply(_table.BeginSession(), "LISTEN a");
        Assert.Equal(["Reconnected"], Taken(queue));
    }

    [Fact]
    public void A_session_that_was_left_behind_changes_nothing()
    {
        var old = _table.BeginSession();
        _ = _table.Add(Subscribe("a", out _, out var queue));
        var underWay = _table.TakeChanges(old);
        _table.Abandon();
        var session = _table.BeginSession();
        _table.Apply(old, underWay);
        _table.Deliver(old, "a", "late", 0, new());
        _table.EndSession(old);
        Assert.Empty(_table.TakeChanges(old));
        Assert.Empty(Taken(queue));
        Apply(session, "LISTEN a");
        Assert.Equal(["Started"], Taken(queue));
    }

    [Fact]
    public async Task A_stop_ends_every_wait()
    {
        var session = _table.BeginSession();
        var added = _table.Add(Subscribe("a", out _, out _));
        _table.EndSession(session);
        Assert.False(added.IsCompleted);
        _table.Abandon();
        await Assert.ThrowsAsync<ListenerClosedException>(() => added);
    }

    [Fact]
    public void A_channel_that_was_given_up_and_is_wanted_again_is_delivered_to_whoever_wants_it_now()
    {
        var session = _table.BeginSession();
        foreach (var text in new[] { "first", "second" })
        {
            _ = _table.Add(Subscribe("a", out var subscription, out var queue));
            Apply(session, "LISTEN a");
            _table.Deliver(session, "a", text, 0, new());
            Assert.Equal(["Started", text], Taken(queue));
            _ = _table.Remove(subscription);
            Apply(session, "UNLISTEN a");
        }
    }

    private Subscription Subscribe(string channel, out Subscription subscription, out SubscriptionQueue queue)
    {
        subscription = new(channel, callback: null, new() { OnResync = (_, _) => Task.CompletedTask }, _context);
        queue = subscription.Begin(isPaused: false, CancellationToken.None);
        return subscription;
    }

    private void Apply(long session, params string[] expected)
    {
        var changes = _table.TakeChanges(session);
        Assert.Equal(expected, changes.Select(change => $"{(change.Listen ? "LISTEN" : "UNLISTEN")} {change.Route.Channel}"));
        _table.Apply(session, changes);
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
