using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Orders;
using WebApi.Tests;

namespace PgListener.Samples.Tests;

public sealed class OrdersTests(Server server, Chromium chromium)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_order_is_billed_once_although_an_instance_is_killed()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var one = await WebSample<PlaceOrder>.StartAsync(database);
        var orders = 0;
        using (var other = SampleProcess.Start("Orders", database.ConnectionString, "--urls=http://127.0.0.1:0"))
        {
            await other.ReadUntilAsync("Coordinating 2 subscription");
            await Eventually.GetAsync(
                async () =>
                {
                    await PlaceAsync(one, $"customer{orders++}@example.org");
                    return await OverviewAsync(one);
                },
                overview => overview.Instances.Count == 2);
        }

        for (var i = 0; i < 20; i++)
            await PlaceAsync(one, $"customer{orders++}@example.org");
        var all = await Eventually.GetAsync(() => OverviewAsync(one), overview => overview.Invoices >= orders);

        Assert.Equal((orders, orders, 0), (all.Orders, all.Invoices, all.InvoicedTwice));
    }

    [Fact]
    public async Task A_mail_that_cannot_be_sent_becomes_a_dead_letter_and_the_order_is_billed()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var sample = await WebSample<PlaceOrder>.StartAsync(database);
        await PlaceAsync(sample, "nobody");

        var channels = sample.Services.GetRequiredService<IDurableChannels>();
        var dead = Assert.Single(await Eventually.GetAsync(() => channels.GetDeadLettersAsync(cancellationToken: Cancellation), letters => letters.Count > 0));

        Assert.Equal(("nobody", 3), (dead.Key, dead.Attempts));
        Assert.Contains("'nobody'", dead.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await OverviewAsync(sample)).Invoices);
    }

    [Fact]
    public async Task A_web_page_whose_name_points_to_this_machine_is_not_the_local_user()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var sample = await WebSample<PlaceOrder>.StartAsync(database);
        using var client = new HttpClient { BaseAddress = sample.Address };
        using var asked = new HttpRequestMessage(HttpMethod.Get, "/pg-listener/actions");
        asked.Headers.Host = "example.org";

        using var refused = await client.SendAsync(asked, Cancellation);
        using var answered = await client.GetAsync(new Uri("/pg-listener/actions", UriKind.Relative), Cancellation);

        Assert.Equal((System.Net.HttpStatusCode.BadRequest, System.Net.HttpStatusCode.OK), (refused.StatusCode, answered.StatusCode));
    }

    [Fact]
    public async Task The_mail_is_sent_when_the_dead_letter_is_requeued_on_the_page()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var sample = await WebSample<PlaceOrder>.StartAsync(database);
        var page = await chromium.OpenPageAsync();
        await PlaceAsync(sample, "nobody");
        await page.GotoAsync(new Uri(sample.Address, "/pg-listener").ToString());
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("1 dead letter", new() { Timeout = (float)Eventually.Limit.TotalMilliseconds });
        await page.GetByRole(AriaRole.Button, new() { Name = "Show dead letters" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The mail service does not know the address 'nobody'.")).ToBeVisibleAsync();

        using var known = await sample.Client.PutAsync(new Uri("/addresses/nobody", UriKind.Relative), content: null, Cancellation);
        known.EnsureSuccessStatusCode();
        await page.GetByRole(AriaRole.Button, new() { Name = "Requeue message" }).ClickAsync();

        await Assertions.Expect(page.GetByText("1 dead letter is attempted again.")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("The listener is listening", new() { Timeout = (float)Eventually.Limit.TotalMilliseconds });
        Assert.Empty(await sample.Services.GetRequiredService<IDurableChannels>().GetDeadLettersAsync(cancellationToken: Cancellation));
        await page.CloseAsync();
    }

    private static async Task PlaceAsync(WebSample<PlaceOrder> sample, string customer)
    {
        using var answer = await sample.Client.PostAsJsonAsync("/orders", new PlaceOrder(customer, 9.5m), Cancellation);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<Overview> OverviewAsync(WebSample<PlaceOrder> sample) => (await sample.Client.GetFromJsonAsync<Overview>("/", Cancellation))!;
}
