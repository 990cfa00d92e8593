using System.Text.Json;
using Microsoft.Playwright;
using PgListener;
using static Microsoft.Playwright.Assertions;

namespace WebApi.Tests;

/// <summary>The listener's own page, as the sample maps it: a real listener on a real server, seen in a real browser.</summary>
public sealed class ListenerPageTests(TestDatabase database, Chromium chromium)
{
    private static readonly (string, string) SlowReconnect = ("PgListener:ReconnectDelay", "00:00:03");

    static ListenerPageTests() => SetDefaultExpectTimeout((float)Eventually.Limit.TotalMilliseconds);

    [Fact]
    public async Task It_shows_the_numbers_of_what_was_notified()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var page = await OpenAsync(shop);
        var counts = page.Locator("tbody tr", new() { HasText = "SalesHandler" }).Locator(".count .value");
        await Expect(counts).ToHaveTextAsync(["0", "0", "0", "0", "0"]);

        for (var i = 0; i < 12; i++)
            await shop.PlaceAsync();
        await data.NotifyAsync("malformed");

        await Expect(counts).ToHaveTextAsync(["13", "13", "1", "0", "0"]);
        await Expect(page.Locator(".server")).ToHaveTextAsync(shop.Listener.Status.Server!);
        await Expect(page.Locator("figure.trip strong")).ToContainTextAsync("ms");
        Assert.DoesNotContain("malformed", await page.ContentAsync(), StringComparison.Ordinal);
        await page.CloseAsync();
    }

    [Fact]
    public async Task It_shows_that_the_listener_reconnects_and_recovers()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data, settings: SlowReconnect);
        var page = await OpenAsync(shop);

        await data.TerminateListenerAsync();
        await Expect(page.Locator(".state")).ToHaveTextAsync("Reconnecting");
        await Expect(page.Locator(".listener > .problem")).ToBeVisibleAsync();

        await Expect(page.Locator(".state")).ToHaveTextAsync("Listening");
        await Expect(page.Locator(".listener > .problem")).ToBeHiddenAsync();
        await Expect(page.Locator("#timeline li", new() { HasText = "Gap" }).First).ToContainTextAsync("for SalesHandler on order_placed");
        await Expect(page.Locator("#timeline")).ToContainTextAsync("The connection was lost.");
        await shop.PlaceAsync();
        await Expect(page.Locator("tbody .count .value").First).ToHaveTextAsync("1");
        await page.CloseAsync();
    }

    [Fact]
    public async Task It_says_that_the_stream_is_lost_and_goes_on_with_the_next_process()
    {
        await using var data = await database.CreateAsync();
        await using var first = await Shop.StartOnPortAsync(data);
        var page = await OpenAsync(first);
        var port = first.Client.BaseAddress!.Port;

        await first.DisposeAsync();
        await Expect(page.Locator("#link")).ToContainTextAsync("no updates since");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("was lost at");

        await using var second = await Shop.StartOnPortAsync(data, port);
        await Expect(page.Locator("#link")).ToHaveTextAsync("updated every second");
        await Expect(page.Locator("#lost")).ToBeHiddenAsync();
        await Expect(page.Locator(".state")).ToHaveTextAsync("Listening");
        await page.CloseAsync();
    }

    [Fact]
    public async Task The_shops_page_leads_to_it()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var page = await chromium.OpenPageAsync();
        await page.GotoAsync(shop.Client.BaseAddress!.ToString());

        await page.GetByRole(AriaRole.Link, new() { Name = "Dashboard" }).ClickAsync();

        await Expect(page.Locator("#link")).ToHaveTextAsync("updated every second");
        await page.CloseAsync();
    }

    [Fact]
    public async Task The_document_tells_neither_payloads_nor_secrets()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);
        await shop.PlaceAsync("A secret wish");

        var text = await Eventually.GetAsync(
            () => shop.Client.GetStringAsync(new Uri("/pg-listener/status", UriKind.Relative), TestContext.Current.CancellationToken),
            text => Handler(text).GetProperty("processed").GetInt32() == 1);

        var listener = JsonElement.Parse(text).GetProperty("listeners")[0];
        Assert.Equal(
            (nameof(ListenerState.Listening), shop.Listener.Status.ProcessId),
            (listener.GetProperty("state").GetString(), listener.GetProperty("processId").GetInt32()));
        Assert.DoesNotContain("secret", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("assword", text, StringComparison.Ordinal);

        static JsonElement Handler(string text) => JsonElement.Parse(text).GetProperty("listeners")[0].GetProperty("subscriptions")[0];
    }

    /// <summary>Opens the page, and waits until it is live.</summary>
    private async Task<IPage> OpenAsync(Shop shop)
    {
        var page = await chromium.OpenPageAsync();
        await page.GotoAsync(new Uri(shop.Client.BaseAddress!, "/pg-listener").ToString());
        await Expect(page.Locator("#link")).ToHaveTextAsync("updated every second");
        return page;
    }
}
