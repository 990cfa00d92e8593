using System.Globalization;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace WebApi.Tests;

/// <summary>The page in a real browser, on a real port.</summary>
public sealed class PageTests(TestDatabase database, Chromium chromium)
{
    private static readonly (string, string) SlowReconnect = ("PgListener:ReconnectDelay", "00:00:02");

    static PageTests() => SetDefaultExpectTimeout((float)Eventually.Limit.TotalMilliseconds);

    [Fact]
    public async Task It_loads_without_errors_and_without_anything_from_elsewhere()
    {
        var page = await chromium.OpenPageAsync();
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        List<string> errors = [];
        List<string> foreign = [];
        page.Console += (_, message) => AddIf(errors, message.Text, message.Type is "error" or "warning");
        page.PageError += (_, error) => AddIf(errors, error, condition: true);
        page.Request += (_, request) => AddIf(foreign, request.Url, new Uri(request.Url).Authority != Address(shop).Authority);
        page.Response += (_, response) => AddIf(errors, $"{response.Status} {response.Url}", response.Status >= 400);

        await page.GotoAsync(Address(shop).ToString());
        await Expect(page.Locator("#state")).ToHaveTextAsync("Listening");
        await page.GetByRole(AriaRole.Button, new() { Name = "Place an order" }).ClickAsync();
        await Expect(page.Locator("#orders > li")).ToHaveCountAsync(1);

        Assert.Empty(errors);
        Assert.Empty(foreign);
        await page.CloseAsync();
    }

    [Fact]
    public async Task An_order_placed_with_the_button_appears_with_its_latency_and_is_counted()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var page = await OpenAsync(shop);

        await page.GetByRole(AriaRole.Button, new() { Name = "Place an order" }).ClickAsync();

        await Expect(page.Locator("#orders > li")).ToHaveCountAsync(1);
        await Expect(page.Locator("#orders .took")).ToContainTextAsync("ms");
        await Expect(page.Locator("#total-orders")).ToHaveTextAsync("1");
        await Expect(page.Locator("#products > li")).ToHaveCountAsync(1);
        await Expect(page.Locator("#orders-note")).ToBeHiddenAsync();
        await page.CloseAsync();
    }

    [Fact]
    public async Task Twenty_five_orders_appear_newest_first_in_every_browser()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var one = await OpenAsync(shop);
        var other = await OpenAsync(shop);

        await one.GetByRole(AriaRole.Button, new() { Name = "Place 25" }).ClickAsync();

        await ExpectIdsAsync(one, Enumerable.Range(1, 25).Reverse());
        await ExpectIdsAsync(other, Enumerable.Range(1, 25).Reverse());
        await Expect(other.Locator("#total-orders")).ToHaveTextAsync("25");
        await one.CloseAsync();
        await other.CloseAsync();
    }

    [Fact]
    public async Task It_shows_each_order_once_after_the_listener_was_away()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data, settings: SlowReconnect);
        var page = await OpenAsync(shop);
        await shop.PlaceAsync();
        await ExpectIdsAsync(page, [1]);

        await data.TerminateListenerAsync();
        await Expect(page.Locator("#state")).ToHaveTextAsync("Reconnecting");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("no connection to its database since");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Place 25" })).ToBeDisabledAsync();
        await shop.PlaceAsync();
        await shop.PlaceAsync();
        Assert.Equal("Reconnecting", (await shop.StatusAsync()).State);

        await ExpectIdsAsync(page, [3, 2, 1]);
        await Expect(page.Locator("#state")).ToHaveTextAsync("Listening");
        await shop.PlaceAsync();
        await ExpectIdsAsync(page, [4, 3, 2, 1]);
        await page.CloseAsync();
    }

    [Fact]
    public async Task It_says_that_the_stream_is_lost_and_catches_up_when_the_shop_is_back()
    {
        await using var data = await database.CreateAsync();
        await using var first = await Shop.StartOnPortAsync(data);
        var address = Address(first);
        var page = await OpenAsync(first);
        await first.PlaceAsync();
        await ExpectIdsAsync(page, [1]);

        await first.DisposeAsync();
        await Expect(page.Locator("#state")).ToHaveTextAsync("Connection lost");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("no connection to the shop since");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Place an order" })).ToBeDisabledAsync();
        await using (var other = await Shop.StartAsync(data))
        {
            await other.PlaceAsync();
            await other.PlaceAsync();
        }

        var reads = 0;
        page.Request += (_, request) => reads += request.Url.Contains("/orders?limit", StringComparison.Ordinal) ? 1 : 0;
        await using var second = await Shop.StartOnPortAsync(data, address.Port);
        await Expect(page.Locator("#state")).ToHaveTextAsync("Listening");
        await Expect(page.Locator("#outage")).ToBeHiddenAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Place an order" })).ToBeEnabledAsync();
        await ExpectIdsAsync(page, [3, 2, 1]);
        await second.PlaceAsync();
        await ExpectIdsAsync(page, [4, 3, 2, 1]);
        Assert.Equal(0, reads); // The stream had all that was missed.
        await page.CloseAsync();
    }

    [Fact]
    public async Task Lists_that_are_read_empty_and_unreadable_look_different()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var page = await chromium.OpenPageAsync();
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        var isReadable = false;
        await page.RouteAsync("**/orders?limit=100", async route =>
        {
            asked.TrySetResult();
            await answer.Task;
            if (isReadable)
                await route.ContinueAsync();
            else
                await route.FulfillAsync(new() { Status = 503, ContentType = "application/problem+json", Body = """{"detail":"The database cannot be reached at the moment."}""" });
        });
        await page.GotoAsync(Address(shop).ToString());

        await asked.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        await Expect(page.Locator("#orders-note")).ToHaveTextAsync("Reading the orders …");
        answer.SetResult();
        await Expect(page.Locator("#orders-note")).ToHaveTextAsync("The orders cannot be read. The database cannot be reached at the moment. Trying again …");
        isReadable = true;
        await Expect(page.Locator("#orders-note")).ToContainTextAsync("No orders yet.");
        await Expect(page.Locator("#products-note")).ToHaveTextAsync("Nothing sold yet.");
        await page.CloseAsync();
    }

    [Fact]
    public async Task What_was_said_of_an_outage_goes_when_it_is_over()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var page = await OpenAsync(shop);
        await page.RouteAsync("**/orders", route => route.FulfillAsync(new() { Status = 503, ContentType = "application/problem+json", Body = """{"detail":"The database cannot be reached at the moment."}""" }));
        await page.GetByRole(AriaRole.Button, new() { Name = "Place an order" }).ClickAsync();
        await Expect(page.Locator("#problem")).ToHaveTextAsync("The order was not placed. The database cannot be reached at the moment.");

        await data.TerminateListenerAsync();

        await Expect(page.Locator("#problem")).ToBeHiddenAsync();
        await Expect(page.Locator("#outage")).ToBeHiddenAsync();
        await page.CloseAsync();
    }

    [Fact]
    public async Task No_list_scrolls_inside_the_page_and_all_orders_are_shown_when_asked_for()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var page = await OpenAsync(shop, new() { ViewportSize = new() { Width = 360, Height = 740 } });
        await page.GetByRole(AriaRole.Button, new() { Name = "Place 25" }).ClickAsync();
        await ExpectIdsAsync(page, Enumerable.Range(1, 25).Reverse());
        await Expect(page.Locator("#orders > li:visible")).ToHaveCountAsync(10);

        await page.GetByRole(AriaRole.Button, new() { Name = "Show all 25" }).ClickAsync();

        await Expect(page.Locator("#orders > li:visible")).ToHaveCountAsync(25);
        Assert.Equal(0, await page.EvaluateAsync<int>("[...document.querySelectorAll('body *')].filter(e => e.scrollHeight > e.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(e).overflowY)).length"));
        await page.CloseAsync();
    }

    [Fact]
    public async Task It_forgets_what_a_new_database_does_not_have()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var page = await OpenAsync(shop);
        await shop.PlaceAsync("Old");
        await ExpectIdsAsync(page, [1]);
        await data.QueryAsync<long>("with gone as (delete from orders), other as (delete from pglistener.server_run) insert into orders (product, quantity) values ('New', 1) returning id");

        await data.TerminateListenerAsync();

        await ExpectIdsAsync(page, [2]);
        await Expect(page.Locator("#products .product")).ToHaveTextAsync("New");
        await page.CloseAsync();
    }

    [Fact]
    public async Task Text_from_outside_stays_text()
    {
        const string evil = "<img src=x onerror=alert(1)>";
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var page = await OpenAsync(shop);

        await shop.PlaceAsync(evil);

        await Expect(page.Locator("#orders .product")).ToHaveTextAsync(evil);
        await Expect(page.Locator("#products .product")).ToHaveTextAsync(evil);
        await Expect(page.Locator("main img")).ToHaveCountAsync(0);
        await page.CloseAsync();
    }

    [Theory]
    [InlineData(360)]
    [InlineData(700)]
    [InlineData(1280)]
    public async Task Nothing_sticks_out_at_the_side(int width)
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var page = await OpenAsync(shop, new() { ViewportSize = new() { Width = width, Height = 740 } });
        await shop.PlaceAsync(new string('W', 60), 1000);
        await ExpectIdsAsync(page, [1]);
        await Expect(page.Locator("#products > li")).ToHaveCountAsync(1);

        Assert.Equal(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await page.CloseAsync();
    }

    [Fact]
    public async Task The_dark_scheme_is_dark_and_the_light_one_light()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var page = await OpenAsync(shop, new() { ColorScheme = ColorScheme.Dark });
        Assert.True(await BrightnessAsync(page, "background-color") < 60);
        Assert.True(await BrightnessAsync(page, "color") > 200);

        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });

        Assert.True(await BrightnessAsync(page, "background-color") > 200);
        Assert.True(await BrightnessAsync(page, "color") < 60);
        await page.CloseAsync();
    }

    [Fact]
    public async Task Nothing_moves_for_those_who_do_not_want_it()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var page = await OpenAsync(shop, new() { ReducedMotion = ReducedMotion.Reduce });

        await shop.PlaceAsync();
        await Expect(page.Locator("#orders > li.fresh")).ToHaveCSSAsync("animation-name", "none");

        await page.EmulateMediaAsync(new() { ReducedMotion = ReducedMotion.NoPreference });
        await Expect(page.Locator("#orders > li.fresh")).ToHaveCSSAsync("animation-name", "arrive, fade");
        await page.CloseAsync();
    }

    private static Uri Address(Shop shop) => shop.Client.BaseAddress!;

    private static void AddIf(List<string> list, string text, bool condition)
    {
        if (condition)
            list.Add(text);
    }

    /// <summary>Opens the page, and waits until it is live: it reads the orders at once, and again when its stream has begun.</summary>
    private async Task<IPage> OpenAsync(Shop shop, BrowserNewPageOptions? options = null)
    {
        var page = await chromium.OpenPageAsync(options);
        var reads = 0;
        page.RequestFinished += (_, request) => reads += request.Url.Contains("/orders?limit", StringComparison.Ordinal) ? 1 : 0;
        await page.GotoAsync(Address(shop).ToString());
        await Expect(page.Locator("#state")).ToHaveTextAsync("Listening");
        await Eventually.GetAsync(() => Task.FromResult(Volatile.Read(ref reads)), read => read >= 2);
        return page;
    }

    private static async Task ExpectIdsAsync(IPage page, IEnumerable<int> ids)
    {
        var expected = string.Join(' ', ids.Select(id => id.ToString(CultureInfo.InvariantCulture)));
        await Eventually.GetAsync(
            () => page.EvaluateAsync<string>("[...document.querySelectorAll('#orders > li')].map(row => row.dataset.id).join(' ')"),
            shown => shown == expected);
    }

    private static Task<double> BrightnessAsync(IPage page, string property)
        => page.EvaluateAsync<double>(
            """
            property => {
              const channels = getComputedStyle(document.body).getPropertyValue(property).match(/[\d.]+/g).slice(0, 3).map(Number);
              return (channels[0] + channels[1] + channels[2]) / 3;
            }
            """,
            property);
}
