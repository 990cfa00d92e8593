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
        for (var i = 0; i < Seconds; i++)
        {
            scene.Move(i, site.Time.GetUtcNow());
            site.Time.Advance(Second);

            // Time for the pages to draw.
            await Task.Delay(40, TestContext.Current.CancellationToken);
        }

        var documentation = Documentation();
        var others = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "pglistener-pictures")).FullName;
        foreach (var (page, name, fullPage) in views)
        {
            var folder = name.StartsWith("dashboard", StringComparison.Ordinal) ? documentation : others;
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name), FullPage = fullPage });
        }

        await site.App.StopAsync(TestContext.Current.CancellationToken);
        foreach (var (page, name, fullPage) in views)
        {
            await Assertions.Expect(page.Locator("#link")).ToContainTextAsync("Lost");
            await page.ScreenshotAsync(new() { Path = Path.Combine(others, "lost-" + name), FullPage = fullPage, Animations = ScreenshotAnimations.Disabled });
        }
    }

    private async Task<IPage> OpenAsync(Site site, ColorScheme scheme, int width, int height)
    {
        var page = await chromium.OpenPageAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = height } });
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
