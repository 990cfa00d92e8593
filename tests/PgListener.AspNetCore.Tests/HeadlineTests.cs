using Microsoft.Playwright;
using WebApi.Tests;
using static Microsoft.Playwright.Assertions;

namespace PgListener.AspNetCore.Tests;

/// <summary>What the page says first, and how it lets one find the rest.</summary>
public sealed class HeadlineTests(Chromium chromium)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    static HeadlineTests() => SetDefaultExpectTimeout((float)Eventually.Limit.TotalMilliseconds);

    [Fact]
    public async Task It_says_what_matters_and_puts_it_first()
    {
        FakeListener[] listeners = [new("a"), new("b"), new("c")];
        foreach (var listener in listeners)
            listener.Subscribe("Handler", "channel");
        await using var site = await Site.StartAsync(listeners);
        var page = await OpenAsync(site);
        await ExpectAsync("All 3 listeners listening", "a", "b", "c");

        listeners[1].Update(0, one => one with { Dropped = 1, LastDroppedAt = site.Time.GetUtcNow() });
        site.Time.Advance(Second);
        await ExpectAsync("1 handler dropping", "b", "a", "c");
        await Expect(page.Locator("[data-listener=b] .state")).ToHaveAttributeAsync("data-tone", "warn");

        listeners[2].Move(ListenerState.Reconnecting, site.Time.GetUtcNow(), "Nothing answers.");
        listeners[0].Move(ListenerState.Reconnecting, site.Time.GetUtcNow(), "Nothing answers.");
        site.Time.Advance(Second);
        await ExpectAsync("2 of 3 listeners not listening · 1 handler dropping", "a", "c", "b");

        listeners[2].Move(ListenerState.Listening, site.Time.GetUtcNow());
        listeners[0].Move(ListenerState.Listening, site.Time.GetUtcNow());
        site.Time.Advance(TimeSpan.FromMinutes(2));
        await ExpectAsync("All 3 listeners listening", "a", "b", "c");
        await page.CloseAsync();

        async Task ExpectAsync(string headline, params string[] order)
        {
            await Expect(page.Locator("h1")).ToHaveTextAsync(headline);
            await Expect(page.Locator(".listener h2")).ToHaveTextAsync(order);
        }
    }

    [Fact]
    public async Task A_handler_that_hangs_is_counted_and_comes_first_until_its_call_has_ended()
    {
        FakeListener[] listeners = [new("a"), new("b")];
        foreach (var listener in listeners)
        {
            listener.Subscribe("First", "channel");
            listener.Subscribe("Second", "channel");
        }

        await using var site = await Site.StartAsync(listeners);
        var page = await OpenAsync(site);
        var second = page.Locator("[data-listener=b] tbody tr", new() { HasText = "Second" });
        await Expect(page.Locator("h1")).ToHaveTextAsync("All 2 listeners listening");

        listeners[1].Update(0, one => one with { Failed = 1, LastFailedAt = site.Time.GetUtcNow() - (30 * Second) });
        listeners[1].Update(1, one => one with { Hanging = 1, HangingSince = site.Time.GetUtcNow() - (10 * Second) });
        site.Time.Advance(Second);
        await Expect(page.Locator("h1")).ToHaveTextAsync("1 handler hanging · 1 handler failing");
        await Expect(page.Locator("h1")).ToHaveAttributeAsync("data-tone", "warn");
        await Expect(page).ToHaveTitleAsync("1 handler hanging · 1 handler failing · PgListener");
        await Expect(page.Locator(".listener h2")).ToHaveTextAsync(["b", "a"]);
        await Expect(page.Locator("[data-listener=b] .state")).ToHaveAttributeAsync("data-tone", "warn");
        await Expect(page.Locator("[data-listener=b] .tag:visible")).ToHaveTextAsync(["1 handler hanging", "1 handler failing"]);
        await Expect(second.Locator(".stuck:visible")).ToContainTextAsync("1 call hangs, running since ");
        await Expect(second.Locator(".stuck:visible")).ToContainTextAsync("09:59:50");

        // It stays, however long ago that was, and a sum of several counts as one handler.
        listeners[1].Update(1, one => one with { Hanging = 3 });
        listeners[0].Update(1, one => one with { Hanging = 1, HangingSince = site.Time.GetUtcNow() });
        site.Time.Advance(TimeSpan.FromMinutes(2));
        await Expect(page.Locator("h1")).ToHaveTextAsync("2 handlers hanging");
        await Expect(second.Locator(".stuck:visible")).ToContainTextAsync("3 calls hang, ");
        await Expect(page.Locator("[data-listener=a] tbody .name")).ToHaveTextAsync(["Second", "First"]);
        await Expect(page.Locator("[data-listener=a] .state")).ToHaveAttributeAsync("data-tone", "warn");

        foreach (var listener in listeners)
            listener.Update(1, one => one with { Hanging = 0, HangingSince = null });
        site.Time.Advance(Second);
        await Expect(page.Locator("h1")).ToHaveTextAsync("All 2 listeners listening");
        await Expect(page.Locator("[data-listener=b] .state")).ToHaveAttributeAsync("data-tone", "good");
        await Expect(page.Locator(".stuck:visible")).ToHaveCountAsync(0);
        await page.CloseAsync();
    }

    [Fact]
    public async Task A_lost_connection_says_when_the_next_attempt_is_and_how_old_its_figures_are()
    {
        var listener = new FakeListener("shop");
        await using var site = await Site.StartAsync(listener);
        var page = await OpenAsync(site);
        listener.Move(ListenerState.Reconnecting, site.Time.GetUtcNow(), "Nothing answers.");
        listener.Status = listener.Status with { FailedAttempts = 2, NextAttemptAt = site.Time.GetUtcNow() + (5 * Second) };

        site.Time.Advance(Second);
        await Expect(page.Locator(".problem .next")).ToHaveTextAsync("2 attempts failed. Next attempt in 4 s.");
        site.Time.Advance(Second);
        await Expect(page.Locator(".problem .next")).ToHaveTextAsync("2 attempts failed. Next attempt in 3 s.");

        await Expect(page.Locator("figure.trip strong")).ToHaveTextAsync("1.5 ms");
        await Expect(page.Locator("figure.trip small")).ToContainTextAsync("as of ");
        await Expect(page.Locator(".usage")).ToContainTextAsync("25 % full, as of ");
        await Expect(page.Locator("figure.trip")).ToHaveClassAsync("trip old");
        await page.CloseAsync();
    }

    [Fact]
    public async Task A_gap_says_its_reason_and_length_and_a_failure_when_it_was_last()
    {
        var listener = new FakeListener("shop");
        listener.Subscribe("OrderPlacedNotificationHandler", "channel");
        await using var site = await Site.StartAsync(listener);
        var page = await OpenAsync(site);
        var now = site.Time.GetUtcNow();
        listener.Update(0, one => one with
        {
            Gaps = 1,
            LastGap = new("channel", ResyncReason.Reconnected, now - (4 * Second), now),
            Failed = 1,
            LastFailedAt = now,
            ResyncFailure = new() { Since = now, Attempts = 3, ErrorType = "Npgsql.NpgsqlException" },
        });
        site.Time.Advance(Second);

        await Expect(page.Locator("#timeline li[data-event=gap]")).ToContainTextAsync("Gap of 4.0 s for OrderPlacedNotificationHandler on channel");
        await Expect(page.Locator("#timeline li[data-event=gap] div.detail")).ToHaveTextAsync("The connection was lost.");
        await Expect(page.Locator(".count[data-event=failed] .last")).ToContainTextAsync("last at ");
        await Expect(page.Locator(".stuck:visible")).ToContainTextAsync("3 attempts, Npgsql.NpgsqlException");
        await Expect(page.Locator("tbody .name wbr")).ToHaveCountAsync(3);
        await Expect(page.Locator(".remark")).ToContainTextAsync("times in GMT");
        await page.CloseAsync();
    }

    [Fact]
    public async Task Long_lists_are_shown_in_full_when_asked_for()
    {
        var listener = new FakeListener("shop");
        for (var i = 0; i < 50; i++)
            listener.Subscribe($"Handler{i}", $"channel_{i}");
        await using var site = await Site.StartAsync(listener);
        for (var i = 1; i <= 40; i++)
            listener.Move(i % 2 == 0 ? ListenerState.Listening : ListenerState.Reconnecting, Site.Start.AddSeconds(i));
        var page = await OpenAsync(site);

        foreach (var (items, few, all, what) in new[] { ("tbody tr", 30, 50, "handlers"), (".channels li", 20, 50, "channels"), ("#timeline > li", 12, 41, "events") })
        {
            await Expect(page.Locator(items)).ToHaveCountAsync(few);
            await page.GetByRole(AriaRole.Button, new() { Name = $"Show all {all} {what}" }).ClickAsync();
            await Expect(page.Locator(items)).ToHaveCountAsync(all);
        }

        await page.CloseAsync();
    }

    [Fact]
    public async Task One_listener_can_be_looked_at_alone()
    {
        FakeListener[] listeners = [new("a"), new("b")];
        await using var site = await Site.StartAsync(listeners);
        var page = await OpenAsync(site);
        await Expect(page.Locator("#timeline > li")).ToHaveCountAsync(2);

        await page.GetByLabel("Show").SelectOptionAsync("b");
        site.Time.Advance(Second);

        await Expect(page.Locator(".listener:visible h2")).ToHaveTextAsync(["b"]);
        await Expect(page.Locator("#timeline > li")).ToHaveCountAsync(1);
        await page.CloseAsync();
    }

    private async Task<IPage> OpenAsync(Site site)
    {
        var page = await chromium.OpenPageAsync();
        await page.GotoAsync(site.Page.ToString());
        await Expect(page.Locator("#link")).ToHaveTextAsync("updated every second");
        return page;
    }
}
