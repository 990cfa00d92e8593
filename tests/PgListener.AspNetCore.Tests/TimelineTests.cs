using System.Text.Json;

namespace PgListener.AspNetCore.Tests;

public sealed class TimelineTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Changes_of_state_are_kept_while_nobody_watches()
    {
        var listener = new FakeListener();
        await using var site = await Site.StartAsync(listener);

        listener.Move(ListenerState.Reconnecting, Site.Start.AddMinutes(1), "The server is gone.");
        listener.Move(ListenerState.Listening, Site.Start.AddMinutes(2));

        var timeline = await site.TimelineAsync();
        Assert.Equal(
            [("State", "Listening", null, Site.Start), ("State", "Reconnecting", "The server is gone.", Site.Start.AddMinutes(1)), ("State", "Listening", null, Site.Start.AddMinutes(2))],
            timeline.Select(one => (Text(one, "kind"), Text(one, "state"), Text(one, "problem"), one.GetProperty("since").GetDateTimeOffset())));
    }

    [Fact]
    public async Task What_is_told_late_is_not_told_twice()
    {
        var listener = new FakeListener();
        await using var site = await Site.StartAsync(listener);

        listener.Move(ListenerState.Connecting, Site.Start.AddSeconds(-1));
        listener.Move(ListenerState.Listening, Site.Start);

        Assert.Single(await site.TimelineAsync());
    }

    [Fact]
    public async Task The_gap_of_a_reconnect_is_seen_soon_after_it_though_nobody_watches()
    {
        var listener = new FakeListener();
        listener.Subscribe("Handler", "channel");
        await using var site = await Site.StartAsync(listener);

        site.Time.Advance(TimeSpan.FromHours(1));
        listener.Move(ListenerState.Reconnecting, site.Time.GetUtcNow());
        site.Time.Advance(Second);
        listener.Move(ListenerState.Listening, site.Time.GetUtcNow());
        var (lost, again) = (site.Time.GetUtcNow() - (3 * Second), site.Time.GetUtcNow());
        listener.Update(0, one => one with { Gaps = 1, LastGap = new("channel", ResyncReason.Reconnected, lost, again) });
        site.Time.Advance(2 * Second);
        site.Time.Advance(TimeSpan.FromHours(1));

        var gap = (await site.TimelineAsync())[^1];
        Assert.Equal(("Gap", "Handler", "channel", 1), (Text(gap, "kind"), Text(gap, "subscription"), Text(gap, "channel"), gap.GetProperty("count").GetInt32()));
        Assert.Equal(("Reconnected", lost, again), (Text(gap, "reason"), gap.GetProperty("since").GetDateTimeOffset(), gap.GetProperty("until").GetDateTimeOffset()));
        Assert.Equal(0, site.Time.Timers);
    }

    [Fact]
    public async Task A_gap_that_still_grows_is_one_event_that_grows_with_it()
    {
        var listener = new FakeListener();
        listener.Subscribe("Handler", "channel");
        await using var site = await Site.StartAsync(listener);
        await site.StatusAsync();

        for (var i = 1; i <= 5; i++)
        {
            site.Time.Advance(Second);
            listener.Update(0, one => one with { Gaps = 1, LastGap = new("channel", ResyncReason.Overflow, Site.Start, site.Time.GetUtcNow(), dropped: i) });
            await site.StatusAsync();
        }

        site.Time.Advance(TimeSpan.FromMinutes(1));
        listener.Update(0, one => one with { LastGap = new("channel", ResyncReason.Overflow, Site.Start, site.Time.GetUtcNow()) });
        var gap = Assert.Single((await site.TimelineAsync())[1..]);
        Assert.Equal((1, 5 * Second), (gap.GetProperty("count").GetInt32(), gap.GetProperty("until").GetDateTimeOffset() - gap.GetProperty("since").GetDateTimeOffset()));
    }

    [Fact]
    public async Task Beginnings_are_no_gaps()
    {
        var listener = new FakeListener();
        await using var site = await Site.StartAsync(listener);
        await site.StatusAsync();

        listener.Subscribe("A browser", "channel");
        await site.StatusAsync();
        listener.Subscribe("A browser", "channel");
        await site.StatusAsync();
        listener.Subscriptions.RemoveAt(0);

        Assert.Single(await site.TimelineAsync());
    }

    [Fact]
    public async Task What_goes_on_is_one_event_and_after_a_pause_another()
    {
        var listener = new FakeListener();
        listener.Subscribe("Handler", "channel");
        await using var site = await Site.StartAsync(listener);
        await site.StatusAsync();

        for (var i = 1; i <= 200; i++)
        {
            listener.Update(0, one => one with { Failed = one.Failed + 2 });
            site.Time.Advance(Second);
            await site.StatusAsync();
        }

        site.Time.Advance(15 * Second);
        await site.StatusAsync();
        listener.Update(0, one => one with { Failed = one.Failed + 5 });
        site.Time.Advance(Second);

        var timeline = await site.TimelineAsync();
        Assert.Equal([("State", 1), ("Failed", 400), ("Failed", 5)], timeline.Select(one => (Text(one, "kind"), one.GetProperty("count").GetInt32())));
        Assert.Equal((Site.Start, Site.Start.AddSeconds(200)), (timeline[1].GetProperty("since").GetDateTimeOffset(), timeline[1].GetProperty("until").GetDateTimeOffset()));
    }

    [Fact]
    public async Task A_problem_that_changes_no_state_is_there_too()
    {
        var listener = new FakeListener();
        await using var site = await Site.StartAsync(listener);
        await site.StatusAsync();

        listener.Status = listener.Status with { Problem = "The server's notification queue fills." };
        await site.StatusAsync();

        var timeline = await site.TimelineAsync();
        Assert.Equal(["State", "Problem"], timeline.Select(one => Text(one, "kind")));
        Assert.Equal("The server's notification queue fills.", Text(timeline[1], "problem"));
    }

    [Fact]
    public async Task A_clock_that_is_set_back_hides_no_change_and_turns_no_window_round()
    {
        var listener = new FakeListener();
        listener.Subscribe("Handler", "channel");
        await using var site = await Site.StartAsync(listener);
        site.Time.Advance(TimeSpan.FromMinutes(1));
        await site.StatusAsync();
        listener.Update(0, one => one with { Failed = 1 });
        await site.StatusAsync();

        site.Time.SetBack(TimeSpan.FromHours(1));
        site.Time.Advance(5 * Second);
        listener.Update(0, one => one with { Failed = 2 });
        await site.StatusAsync();
        site.Time.Advance(15 * Second);
        listener.Update(0, one => one with { Failed = 3 });
        await site.StatusAsync();
        listener.Move(ListenerState.Reconnecting, site.Time.GetUtcNow());
        listener.Move(ListenerState.Listening, site.Time.GetUtcNow() + Second);

        var timeline = await site.TimelineAsync();
        Assert.Equal(["State", "Failed", "Failed", "State", "State"], timeline.Select(one => Text(one, "kind")));
        Assert.Equal([1, 2, 1, 1, 1], timeline.Select(one => one.GetProperty("count").GetInt32()));
        Assert.All(timeline, one => Assert.True(one.GetProperty("since").GetDateTimeOffset() <= one.GetProperty("until").GetDateTimeOffset(), one.GetRawText()));
    }

    [Fact]
    public async Task Only_the_latest_hundred_are_kept()
    {
        var listener = new FakeListener();
        await using var site = await Site.StartAsync(listener);

        for (var i = 1; i <= 250; i++)
            listener.Move(i % 2 == 0 ? ListenerState.Listening : ListenerState.Reconnecting, Site.Start.AddSeconds(i));

        Assert.Equal(Enumerable.Range(152, 100), (await site.TimelineAsync()).Select(one => one.GetProperty("id").GetInt32()));
        Assert.Equal(1, site.Time.Timers);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
