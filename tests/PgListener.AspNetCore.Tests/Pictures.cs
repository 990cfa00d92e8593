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
