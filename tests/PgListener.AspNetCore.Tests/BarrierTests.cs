using Microsoft.Playwright;
using WebApi.Tests;
using static Microsoft.Playwright.Assertions;

namespace PgListener.AspNetCore.Tests;

/// <summary>The page keeps nobody out.</summary>
public sealed class BarrierTests(Chromium chromium)
{
    static BarrierTests() => SetDefaultExpectTimeout((float)Eventually.Limit.TotalMilliseconds);

    [Theory]
    [InlineData(18, "All 3 listeners listening")]
    [InlineData(102, "1 handler failing · 1 handler dropping")]
    [InlineData(124, "1 of 3 listeners not listening · 1 handler failing · 1 handler dropping")]
    public async Task Axe_finds_nothing_and_the_keyboard_reaches_everything(int second, string headline)
    {
        var scene = new Scene(Site.Start);
        await using var site = await Site.StartAsync([.. scene.Listeners]);
        for (var i = 0; i <= second; i++)
            scene.Move(i, site.Time.GetUtcNow());
        var page = await OpenAsync(site);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(headline);

        Assert.Empty(await Axe.InspectAsync(page));
        Assert.Empty(await Keyboard.FindUnreachableAsync(page));
        await page.CloseAsync();
    }

    [Fact]
    public async Task Axe_finds_nothing_when_the_stream_is_lost()
    {
        await using var site = await Site.StartAsync([.. new Scene(Site.Start).Listeners]);
        var page = await OpenAsync(site);

        await site.App.StopAsync(TestContext.Current.CancellationToken);
        await Expect(page.Locator("#lost")).ToBeVisibleAsync();

        Assert.Empty(await Axe.InspectAsync(page));
        await page.CloseAsync();
    }

    [Fact]
    public async Task Nothing_moves_for_those_who_do_not_want_it()
    {
        await using var site = await Site.StartAsync([.. new Scene(Site.Start).Listeners]);
        var page = await OpenAsync(site, ReducedMotion.Reduce);
        await Expect(page.Locator(".bar i").First).ToHaveCSSAsync("transition-property", "none");

        await page.EmulateMediaAsync(new() { ReducedMotion = ReducedMotion.NoPreference });
        await Expect(page.Locator(".bar i").First).ToHaveCSSAsync("transition-property", "transform");
        await page.CloseAsync();
    }

    private async Task<IPage> OpenAsync(Site site, ReducedMotion motion = ReducedMotion.NoPreference)
    {
        var page = await chromium.OpenPageAsync(new() { BypassCSP = true, ReducedMotion = motion });
        await page.GotoAsync(site.Page.ToString());
        await Expect(page.Locator("#link")).ToHaveTextAsync("updated every second");
        return page;
    }
}
