using Microsoft.Playwright;
using WebApi.Tests;
using static Microsoft.Playwright.Assertions;

namespace PgListener.AspNetCore.Tests;

/// <summary>The page with durable channels keeps nobody out either.</summary>
public sealed class DurableBarrierTests(Chromium chromium)
{
    static DurableBarrierTests() => SetDefaultExpectTimeout((float)Eventually.Limit.TotalMilliseconds);

    [Fact]
    public async Task Axe_finds_nothing_and_the_keyboard_reaches_everything()
    {
        var durable = DurableScene.Create(Site.Start);
        await using var site = await StartAsync(durable);
        var page = await OpenAsync(site);
        await Expect(page.Locator("h1")).ToHaveTextAsync("1 subscription blocked · LedgerExport behind by at least 12,310 messages · 1 subscription paused · 14 dead letters");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show dead letters with System.TimeoutException" }).ClickAsync();
        await Expect(page.Locator(".letters > li")).ToHaveCountAsync(2);
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause LedgerExport" }).ClickAsync();
        await Expect(page.Locator(".result[data-tone=bad]")).ToBeVisibleAsync();

        Assert.Empty(await Axe.InspectAsync(page));
        Assert.Empty(await Keyboard.FindUnreachableAsync(page));
        await page.CloseAsync();
    }

    [Theory]
    [InlineData("Replay from a time: LedgerExport on ledger_entry")]
    [InlineData("Skip message 5000 …, the next one of shard 0 of BillingHandler on order_placed")]
    public async Task Axe_finds_nothing_in_a_question(string button)
    {
        await using var site = await StartAsync(DurableScene.Create(Site.Start));
        var page = await OpenAsync(site);
        await page.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();

        Assert.Empty(await Axe.InspectAsync(page));
        await page.CloseAsync();
    }

    [Theory]
    [InlineData(360)]
    [InlineData(600)]
    [InlineData(1280)]
    public async Task Nothing_sticks_out_at_the_side(int width)
    {
        await using var site = await StartAsync(DurableScene.Create(Site.Start));
        var page = await OpenAsync(site);
        await page.SetViewportSizeAsync(width, 800);
        await page.GetByRole(AriaRole.Button, new() { Name = "Show dead letters with System.TimeoutException" }).ClickAsync();
        await Expect(page.Locator(".letters > li")).ToHaveCountAsync(2);

        Assert.Equal(0, await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"));
        await page.CloseAsync();
    }

    private static Task<Site> StartAsync(FakeDurable durable) => DurableScene.StartAsync(durable, Site.Start);

    private async Task<IPage> OpenAsync(Site site)
    {
        var page = await chromium.OpenPageAsync(new() { BypassCSP = true });
        await page.SetExtraHTTPHeadersAsync(new Dictionary<string, string>(StringComparer.Ordinal) { [HeaderAuthentication.Header] = DurableShop.Operator });
        await page.GotoAsync(site.Page.ToString());
        await Expect(page.Locator("#link")).ToHaveTextAsync("updated every second");
        site.Time.Advance(TimeSpan.FromSeconds(1));
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Resume" })).ToBeVisibleAsync();
        return page;
    }
}
