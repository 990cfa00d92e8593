using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace WebApi.Tests;

/// <summary>The shop's page keeps nobody out.</summary>
public sealed class BarrierTests(TestDatabase database, Chromium chromium)
{
    static BarrierTests() => SetDefaultExpectTimeout((float)Eventually.Limit.TotalMilliseconds);

    [Fact]
    public async Task Axe_finds_nothing_when_all_is_well_and_the_keyboard_reaches_everything()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var page = await OpenAsync(shop);
        Assert.Empty(await Axe.InspectAsync(page));

        await page.GetByRole(AriaRole.Button, new() { Name = "Place 25" }).ClickAsync();
        await Expect(page.Locator("#orders > li")).ToHaveCountAsync(25);
        await Expect(page.Locator("#total-orders")).ToHaveTextAsync("25");

        Assert.Empty(await Axe.InspectAsync(page));
        Assert.Empty(await Keyboard.FindUnreachableAsync(page));
        await page.CloseAsync();
    }

    [Fact]
    public async Task Axe_finds_nothing_in_an_outage()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var page = await OpenAsync(shop);

        await shop.DisposeAsync();
        await Expect(page.Locator("#outage")).ToBeVisibleAsync();
        await page.EvaluateAsync("readOrders()");
        await Expect(page.Locator("#orders-note")).ToContainTextAsync("The orders cannot be read.");

        Assert.Empty(await Axe.InspectAsync(page));
        await page.CloseAsync();
    }

    private async Task<IPage> OpenAsync(Shop shop)
    {
        var page = await chromium.OpenPageAsync(new() { BypassCSP = true });
        await page.GotoAsync(shop.Client.BaseAddress!.ToString());
        await Expect(page.Locator("#state")).ToHaveTextAsync("Listening");
        return page;
    }
}
