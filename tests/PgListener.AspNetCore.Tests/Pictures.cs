using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;
using WebApi.Tests;

namespace PgListener.AspNetCore.Tests;

/// <summary>
/// Makes the pictures of the documentation; not a test, so it runs only when it is asked for:
/// <c>dotnet run --project tests/PgListener.AspNetCore.Tests -- -explicit only</c>.
/// </summary>
public sealed class Pictures(Chromium chromium)
{
    private const int Seconds = 125;

    /// <summary>Further pictures, and in which second of the scene.</summary>
    private static readonly Dictionary<int, string> States = new() { [18] = "healthy", [102] = "dropping" };
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact(Explicit = true)]
    public async Task Take()
    {
        var now = DateTimeOffset.UtcNow;
        var scene = new Scene(started: now);
        await using var site = await Site.StartAsync(
            services => Site.Add(services, [.. scene.Listeners]), static app => app.MapPgListener(), now.AddHours(3).AddMinutes(12));
        (IPage Page, string Name, bool FullPage)[] views =
        [
            (await OpenAsync(site, ColorScheme.Light, 1280, 900), "dashboard-light.png", true),
            (await OpenAsync(site, ColorScheme.Dark, 1280, 900), "dashboard-dark.png", true),
            (await OpenAsync(site, ColorScheme.Light, 360, 740), "narrow-light.png", true),
            (await OpenAsync(site, ColorScheme.Dark, 360, 740), "narrow-dark.png", true),
            (await OpenAsync(site, ColorScheme.Light, 800, 740), "middle.png", true),
        ];
        var others = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "pglistener-pictures")).FullName;
        for (var i = 0; i < Seconds; i++)
        {
            scene.Move(i, site.Time.GetUtcNow());
            site.Time.Advance(Second);

            // Time for the pages to draw.
            await Task.Delay(40, TestContext.Current.CancellationToken);
            if (States.TryGetValue(i, out var state))
            {
                foreach (var (page, name, fullPage) in views)
                    await page.ScreenshotAsync(new() { Path = Path.Combine(others, $"{state}-{name}"), FullPage = fullPage });
            }
        }

        var documentation = Documentation();
        foreach (var (page, name, fullPage) in views)
        {
            var folder = name.StartsWith("dashboard", StringComparison.Ordinal) ? documentation : others;
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name), FullPage = fullPage });
        }

        await site.App.StopAsync(TestContext.Current.CancellationToken);
        foreach (var (page, name, fullPage) in views)
        {
            await Assertions.Expect(page.Locator("#link")).ToContainTextAsync("no updates");
            await page.ScreenshotAsync(new() { Path = Path.Combine(others, "lost-" + name), FullPage = fullPage, Animations = ScreenshotAnimations.Disabled });
        }
    }

    /// <summary>A blocked head, dead letters, and a takeover, before and after.</summary>
    [Fact(Explicit = true)]
    public async Task TakeDurable()
    {
        var now = DateTimeOffset.UtcNow;
        var durable = DurableScene.Create(now);
        await using var site = await DurableScene.StartAsync(durable, now);
        var folder = Documentation();
        var others = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "pglistener-pictures")).FullName;
        var all = durable.Status;
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            var name = scheme == ColorScheme.Light ? "light" : "dark";
            var page = await OpenAsync(site, scheme, 1280, 1500);
            durable.Status = all;
            await LiveAsync(page, site, durable);
            await page.ScreenshotAsync(new() { Path = Path.Combine(others, $"durable-{name}.png"), FullPage = true });

            await ShowOnlyAsync(page, "BillingHandler");
            await Panel(page).ScreenshotAsync(new() { Path = Path.Combine(folder, $"durable-blocked-{name}.png") });

            durable.Status = all;
            await ShowOnlyAsync(page, "MailHandler");
            await page.GetByRole(AriaRole.Button, new() { Name = "Show dead letters with System.TimeoutException" }).ClickAsync();
            await Assertions.Expect(page.Locator(".letters > li")).ToHaveCountAsync(2);
            await Panel(page).ScreenshotAsync(new() { Path = Path.Combine(folder, $"durable-dead-letters-{name}.png") });
            await page.CloseAsync();
        }

        await TakeoverAsync(folder);

        async Task ShowOnlyAsync(IPage page, string handler)
        {
            durable.Status = durable.Status with { Subscriptions = [.. durable.Status.Subscriptions.Where(one => one.Name.Handler == handler)] };
            site.Time.Advance(2 * Second);
            await Eventually.GetAsync(
                async () =>
                {
                    site.Time.Advance(Second);
                    return await page.Locator(".subscriptions h3").AllTextContentsAsync();
                },
                shown => shown is [var one] && one == handler);
        }
    }

    private static async Task LiveAsync(IPage page, Site site, FakeDurable durable)
    {
        for (var i = 0; i < 60; i++)
        {
            durable.Update(0, one => one with { Shards = [one.Shards[0] with { LagMessages = one.Shards[0].LagMessages + 1 }, one.Shards[1]] });
            site.Time.Advance(Second);
            await Task.Delay(40, TestContext.Current.CancellationToken);
        }
    }

    private async Task TakeoverAsync(string folder)
    {
        var now = DateTimeOffset.UtcNow;
        var durable = new FakeDurable();
        durable.Add("order_placed", "BillingHandler", [.. Enumerable.Range(0, 4).Select(shard => FakeDurable.Shard(shard, shard < 2 ? "shop-1/412" : "shop-2/98", shard < 2 ? 7001 : 7002))]);
        durable.Status = durable.Status with { LogBytes = 23_101_440 };
        await using var site = await DurableScene.StartAsync(durable, now);
        (IPage Page, string Name)[] views = [(await OpenAsync(site, ColorScheme.Light, 1280, 1000), "light"), (await OpenAsync(site, ColorScheme.Dark, 1280, 1000), "dark")];
        await MoveAsync(30, static _ => 0);
        foreach (var (page, name) in views)
            await Panel(page).ScreenshotAsync(new() { Path = Path.Combine(folder, $"durable-takeover-before-{name}.png") });

        // One instance is killed, and for two seconds its messages wait.
        durable.Update(0, static one => one with { Members = 1, Shards = [.. one.Shards.Select(static shard => shard.Shard < 2 ? shard with { Holder = null } : shard)] });
        await MoveAsync(2, static second => 120 * (second + 1));
        durable.Update(0, static one => one with { Shards = [.. one.Shards.Select(static shard => shard with { Holder = new("shop-2/98", 7002) })] });
        await MoveAsync(12, static second => Math.Max(0, 240 - (120 * second)));
        foreach (var (page, name) in views)
        {
            await Assertions.Expect(page.Locator("#timeline li[data-event=takeover]")).ToBeVisibleAsync();
            var (top, end) = ((await Panel(page).BoundingBoxAsync())!, (await page.Locator("#timeline-panel").BoundingBoxAsync())!);
            await page.ScreenshotAsync(new()
            {
                Path = Path.Combine(folder, $"durable-takeover-after-{name}.png"),
                FullPage = true,
                Clip = new() { X = top.X, Y = top.Y, Width = top.Width, Height = end.Y + end.Height - top.Y },
            });
        }

        async Task MoveAsync(int seconds, Func<int, int> waiting)
        {
            for (var i = 0; i < seconds; i++)
            {
                durable.Update(0, one => one with
                {
                    Shards = [.. one.Shards.Select(shard => shard.Shard > 0 ? shard : shard with { LagMessages = waiting(i), Lag = waiting(i) > 0 ? TimeSpan.FromSeconds(i + 1) : null })],
                });
                site.Time.Advance(Second);
                await Task.Delay(60, TestContext.Current.CancellationToken);
            }
        }
    }

    private static ILocator Panel(IPage page) => page.Locator(".durable");

    private async Task<IPage> OpenAsync(Site site, ColorScheme scheme, int width, int height)
    {
        var page = await chromium.OpenPageAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = height } });
        await page.SetExtraHTTPHeadersAsync(new Dictionary<string, string>(StringComparer.Ordinal) { [HeaderAuthentication.Header] = DurableShop.Operator });
        await page.GotoAsync(site.Page.ToString());
        return page;
    }

    private static string Documentation()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PgListener.sln")))
            folder = folder.Parent!;
        return Directory.CreateDirectory(Path.Combine(folder.FullName, "docs", "images")).FullName;
    }
}
