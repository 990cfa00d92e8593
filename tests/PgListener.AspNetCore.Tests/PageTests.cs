using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;
using WebApi.Tests;
using static Microsoft.Playwright.Assertions;

namespace PgListener.AspNetCore.Tests;

/// <summary>The page in a real browser; the listeners say what the test wants.</summary>
public sealed class PageTests(Chromium chromium)
{
    private const string Hostile = "</script><img src=x onerror=alert(1)>&lt;b&gt;\n${1}";
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    static PageTests() => SetDefaultExpectTimeout((float)Eventually.Limit.TotalMilliseconds);

    [Fact]
    public async Task It_loads_without_errors_and_without_anything_from_elsewhere()
    {
        var page = await chromium.OpenPageAsync();
        await using var site = await Site.StartAsync([.. new Scene(Site.Start).Listeners]);
        List<string> errors = [];
        List<string> foreign = [];
        page.Console += (_, message) => errors.Add(message.Text);
        page.PageError += (_, error) => errors.Add(error);
        page.Response += (_, response) => AddIf(errors, $"{response.Status} {response.Url}", response.Status >= 400);
        page.Request += (_, request) => AddIf(foreign, request.Url, !request.Url.StartsWith(site.Page.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal));

        await page.GotoAsync(site.Page.ToString());
        await Expect(page.Locator("#link")).ToHaveTextAsync("updated every second");
        site.Time.Advance(Second);
        await Expect(Row(page, "billing", "InvoiceHandler").Locator(".per-second")).ToHaveTextAsync("0");

        Assert.Empty(errors);
        Assert.Empty(foreign);
        await page.CloseAsync();

        static void AddIf(List<string> list, string text, bool condition)
        {
            if (condition)
                list.Add(text);
        }
    }

    [Fact]
    public async Task The_policy_keeps_foreign_code_out()
    {
        await using var site = await Site.StartAsync(new FakeListener());
        var page = await OpenAsync(site);

        await page.EvaluateAsync(
            """
            () => {
              const script = document.createElement('script');
              try { script.text = 'window.intruded = true'; } catch { return; }
              document.body.append(script);
            }
            """);
        var markup = await page.EvaluateAsync<string>("() => { try { document.body.innerHTML = '<b>x</b>'; return 'taken'; } catch (e) { return e.name; } }");
        var elsewhere = await page.EvaluateAsync<string>("() => fetch('http://127.0.0.1:9/').then(() => 'answered', () => 'refused')");

        Assert.Equal((false, "TypeError", "refused"), (await page.EvaluateAsync<bool>("window.intruded === true"), markup, elsewhere));
        await page.CloseAsync();
    }

    [Fact]
    public async Task It_shows_every_listener_with_its_handlers()
    {
        await using var site = await Site.StartAsync([.. new Scene(Site.Start).Listeners]);
        var page = await OpenAsync(site);

        await Expect(page.Locator(".listener h2")).ToHaveTextAsync(["Default listener", "billing", "warehouse"]);
        var billing = page.GetByRole(AriaRole.Region, new() { Name = "billing", Exact = true });
        await Expect(billing.Locator(".server")).ToHaveTextAsync("db2.shop.internal:5432");
        await Expect(billing.Locator(".pid")).ToHaveTextAsync("9127");
        await Expect(billing.Locator(".usage")).ToHaveTextAsync("3.1 % full");
        await Expect(billing.Locator(".channels li")).ToHaveTextAsync(["invoice_due", "ledger_entry"]);
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Handlers of billing" }).GetByRole(AriaRole.Rowheader)).ToHaveTextAsync(["InvoiceHandlerinvoice_due", "LedgerExportledger_entry"]);
        await Expect(Row(page, "billing", "LedgerExport").Locator(".count .value")).ToHaveTextAsync(["1,730,522", "1,730,522", "0", "0", "0"]);
        await Expect(Row(page, "", "A browser").Locator(".name")).ToHaveTextAsync("A browser × 3");
        await page.CloseAsync();
    }

    [Fact]
    public async Task Rates_queues_and_failures_are_live()
    {
        var listener = new FakeListener("shop");
        listener.Subscribe("Handler", "channel");
        await using var site = await Site.StartAsync(listener);
        var page = await OpenAsync(site);
        var row = Row(page, "shop", "Handler");
        await Expect(row.Locator(".per-second")).ToHaveTextAsync("–");

        for (var i = 1; i <= 3; i++)
        {
            listener.Update(0, one => one with { Received = 1_500 * i, Processed = (1_500 * i) - 98, Queued = 98, Failed = i, Dropped = 7 });
            site.Time.Advance(Second);
            await Expect(row.Locator(".count .value").First).ToHaveTextAsync((1_500 * i).ToString("N0", CultureInfo.InvariantCulture));
        }

        await Expect(row.Locator(".per-second")).ToHaveTextAsync("1,500");
        await Expect(row.Locator(".of")).ToHaveTextAsync("98of 100");
        await Expect(row.Locator(".bar")).ToHaveAttributeAsync("data-tone", "bad");
        await Expect(row.Locator(".count .value")).ToHaveTextAsync(["4,500", "4,402", "3", "7", "0"]);
        await Expect(row.GetByRole(AriaRole.Img).First).ToHaveAccessibleNameAsync("Received per second, at most 1,500 in the last two minutes");
        await Expect(page.Locator("#timeline > li")).ToContainTextAsync(["Failed 3 calls of Handler on channel", "Dropped 7 notifications for Handler on channel", "Listening"], new() { UseInnerText = true });
        Assert.Matches("^M[0-9. L]+$", await row.Locator(".rate .line").GetAttributeAsync("d") ?? "");
        await page.CloseAsync();
    }

    [Fact]
    public async Task Charts_begin_anew_when_the_servers_clock_is_set_back()
    {
        var listener = new FakeListener("shop");
        listener.Subscribe("Handler", "channel");
        await using var site = await Site.StartAsync(listener);
        var page = await OpenAsync(site);
        var row = Row(page, "shop", "Handler");
        await ReceiveAsync(10, 20);

        site.Time.SetBack(TimeSpan.FromHours(1));
        await ReceiveAsync(30, 40, 50);

        var path = await row.Locator(".rate .line").GetAttributeAsync("d") ?? "";
        var places = Regex.Matches(path, "(?<x>[0-9.]+) [0-9.]+", RegexOptions.ExplicitCapture, Second).Select(point => double.Parse(point.Groups["x"].Value, CultureInfo.InvariantCulture));
        Assert.Equal([119, 120], places);
        await page.CloseAsync();

        async Task ReceiveAsync(params int[] received)
        {
            foreach (var count in received)
            {
                listener.Update(0, one => one with { Received = count });
                site.Time.Advance(Second);
                await Expect(row.Locator(".count .value").First).ToHaveTextAsync(count.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    [Fact]
    public async Task It_shows_what_is_wrong_and_when_it_is_well_again()
    {
        var listener = new FakeListener("shop");
        await using var site = await Site.StartAsync(listener);
        var page = await OpenAsync(site);

        listener.Move(ListenerState.Reconnecting, site.Time.GetUtcNow(), "Nothing answers on db:5432.");
        site.Time.Advance(90 * Second);
        await Expect(page.Locator(".state")).ToHaveTextAsync("Reconnecting");
        await Expect(page.Locator(".for")).ToContainTextAsync("for 1 min 30 s");
        await Expect(page.Locator(".problem .what")).ToHaveTextAsync("Nothing answers on db:5432.");
        await Expect(page).ToHaveTitleAsync("The listener is not listening · PgListener");

        listener.Move(ListenerState.Listening, site.Time.GetUtcNow());
        site.Time.Advance(Second);
        await Expect(page.Locator(".state")).ToHaveTextAsync("Listening");
        await Expect(page.Locator(".problem")).ToBeHiddenAsync();
        await Expect(page).ToHaveTitleAsync("PgListener");
        await Expect(page.Locator("#timeline b")).ToHaveTextAsync(["Listening", "Reconnecting", "Listening"]);
        await page.CloseAsync();
    }

    [Fact]
    public async Task It_says_that_the_stream_is_lost_and_recovers_without_a_reload()
    {
        var listener = new FakeListener("shop");
        listener.Subscribe("Handler", "channel");
        var first = await Site.StartAsync(listener);
        var page = await OpenAsync(first);
        var port = first.Page.Port;

        await first.DisposeAsync();
        await Expect(page.Locator("#link")).ToContainTextAsync("no updates since");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("shows the state at that time");
        await Expect(page).ToHaveTitleAsync("Lost · PgListener");

        var after = new FakeListener("shop");
        after.Subscribe("Other", "channel");
        await using var second = await Site.StartAsync(services => Site.Add(services, after), static app => app.MapPgListener(), port: port);
        await Expect(page.Locator("#link")).ToHaveTextAsync("updated every second");
        await Expect(page.Locator("#lost")).ToBeHiddenAsync();
        await Expect(page.Locator("tbody .name")).ToHaveTextAsync(["Other"]);
        await page.CloseAsync();
    }

    [Fact]
    public async Task It_notices_a_stream_that_falls_silent()
    {
        await using var site = await Site.StartAsync(new FakeListener("shop"));
        var page = await OpenAsync(site);

        // The server's clock stands still, and so nothing comes. When the page asks again it is answered at once.
        await Expect(page.Locator("#link")).ToContainTextAsync("no updates since");
        await Expect(page.Locator("#link")).ToHaveTextAsync("updated every second");
        await page.CloseAsync();
    }

    [Fact]
    public async Task It_says_so_when_the_sign_in_has_ended()
    {
        var isSignedIn = true;
        await using var site = await Site.StartAsync(
            static services => Site.Add(services, new FakeListener("shop")),
            app =>
            {
                app.Use((context, next) =>
                {
                    if (isSignedIn)
                        return next(context);
                    context.Response.StatusCode = 401;
                    return Task.CompletedTask;
                });
                app.MapPgListener();
            });
        var page = await OpenAsync(site);

        isSignedIn = false;

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Reload the page to sign in again");
        await page.CloseAsync();
    }

    [Fact]
    public async Task It_says_that_too_many_watch_and_goes_live_when_one_leaves()
    {
        await using var site = await Site.StartAsync(
            static services => Site.Add(services, new FakeListener("shop")), static app => app.MapPgListener(configure: static page => page.MaxWatchers = 1));
        var watcher = await Watcher.OpenLiveAsync(site);
        var page = await chromium.OpenPageAsync();
        await page.GotoAsync(site.Page.ToString());
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("the application allows no more");
        await Expect(page.GetByRole(AriaRole.Alert)).Not.ToContainTextAsync("shows the state");

        watcher.Dispose();

        await Expect(page.Locator("#link")).ToHaveTextAsync("updated every second");
        await Expect(page.Locator("#lost")).ToBeHiddenAsync();
        await page.CloseAsync();
    }

    [Fact]
    public async Task Text_from_outside_stays_text()
    {
        var listener = new FakeListener(Hostile);
        listener.Subscribe(Hostile, Hostile);
        listener.Status = listener.Status with { Problem = Hostile, Server = Hostile };
        await using var site = await Site.StartAsync(listener);
        var page = await OpenAsync(site);
        listener.Update(0, one => one with { Failed = 1 });
        site.Time.Advance(Second);
        await Expect(page.Locator("#timeline > li")).ToHaveCountAsync(2);

        foreach (var place in new[] { ".listener h2", ".problem .what", ".server", "tbody .name", "tbody .channel", ".channels li" })
            Assert.Equal(Hostile, await page.Locator(place).TextContentAsync());
        Assert.Contains(Hostile, await page.Locator("#timeline").TextContentAsync() ?? "", StringComparison.Ordinal);
        Assert.Equal(0, await page.Locator("img, b b, script + script").CountAsync());
        await page.CloseAsync();
    }

    [Theory]
    [InlineData(360)]
    [InlineData(800)]
    [InlineData(1280)]
    public async Task Nothing_sticks_out_at_the_side(int width)
    {
        var scene = new Scene(Site.Start);
        var listener = scene.Listeners.First();
        listener.Subscribe(new string('W', 80), new string('w', 63));
        listener.Update(listener.Subscriptions.Count - 1, one => one with { Received = 123_456_789_012, Failed = 9_999_999, Dropped = 9_999_999, Queued = 100_000_000, QueueCapacity = 100_000_000 });
        listener.Status = listener.Status with { Problem = new string('x', 300), Server = new string('y', 100) };
        await using var site = await Site.StartAsync([.. scene.Listeners]);
        var page = await OpenAsync(site, new() { ViewportSize = new() { Width = width, Height = 740 } });
        await Expect(page.Locator("#timeline > li")).Not.ToHaveCountAsync(0);

        Assert.Equal(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await page.CloseAsync();
    }

    [Fact]
    public async Task Nothing_jumps_when_numbers_grow_or_the_stream_is_lost()
    {
        var listener = new FakeListener("shop");
        listener.Subscribe("Handler", "channel");
        await using var site = await Site.StartAsync(listener);
        var page = await OpenAsync(site, new() { ViewportSize = new() { Width = 1280, Height = 740 } });
        var before = await PlacesAsync();

        listener.Update(0, one => one with { Received = 9_876_543, Processed = 9_876_543, Queued = 100 });
        site.Time.Advance(Second);
        await Expect(page.Locator(".count .value").First).ToHaveTextAsync("9,876,543");
        Assert.Equal(before, await PlacesAsync());

        await site.App.StopAsync(TestContext.Current.CancellationToken);
        await Expect(page.Locator("#lost")).ToBeVisibleAsync();
        Assert.Equal(before, await PlacesAsync());
        await page.CloseAsync();

        Task<string> PlacesAsync() => page.EvaluateAsync<string>(
            "[...document.querySelectorAll('.listener, th, td, figure, figure strong, .channels, #timeline')].map(e => { const b = e.getBoundingClientRect(); return [b.left, b.top].map(Math.round) }).join(' ')");
    }

    [Fact]
    public async Task The_dark_scheme_is_dark_the_light_one_light_and_both_can_be_read()
    {
        var scene = new Scene(Site.Start);
        scene.Listeners.First().Update(0, one => one with { Hanging = 1, HangingSince = Site.Start });
        await using var site = await Site.StartAsync([.. scene.Listeners]);
        var page = await OpenAsync(site, new() { ColorScheme = ColorScheme.Dark });
        await Expect(page.Locator(".stuck:visible")).ToHaveCountAsync(1);
        Assert.True(await BrightnessAsync() < 60);
        Assert.True(await LowestContrastAsync() >= 4.5);

        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });

        Assert.True(await BrightnessAsync() > 200);
        Assert.True(await LowestContrastAsync() >= 4.5);
        await page.CloseAsync();

        Task<double> BrightnessAsync() => page.EvaluateAsync<double>("getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).slice(0, 3).reduce((sum, c) => sum + Number(c), 0) / 3");

        // WCAG's contrast of each text to the nearest background behind it.
        Task<double> LowestContrastAsync() => page.EvaluateAsync<double>(
            """
            () => {
              const rgb = color => color.match(/[0-9.]+/g).map(Number);
              const light = color => rgb(color).slice(0, 3).map(c => c / 255).map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
                .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
              const background = e => { const color = getComputedStyle(e).backgroundColor; return (rgb(color)[3] ?? 1) > 0 || !e.parentElement ? color : background(e.parentElement); };
              return Math.min(...[...document.querySelectorAll('body *')]
                .filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
                .map(e => { const [a, b] = [light(getComputedStyle(e).color), light(background(e))]; return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); }));
            }
            """);
    }

    private static ILocator Row(IPage page, string listener, string name)
        => page.Locator($".listener[data-listener='{listener}'] tbody tr", new() { HasText = name });

    /// <summary>Opens the page, and waits until it is live.</summary>
    private async Task<IPage> OpenAsync(Site site, BrowserNewPageOptions? options = null)
    {
        var page = await chromium.OpenPageAsync(options);
        await page.GotoAsync(site.Page.ToString());
        await Expect(page.Locator("#link")).ToHaveTextAsync("updated every second");
        return page;
    }
}
