using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Orders;
using WebApi.Tests;

namespace PgListener.Samples.Tests;

public sealed class OrdersTests(Server server)
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

    private static async Task PlaceAsync(WebSample<PlaceOrder> sample, string customer)
    {
        using var answer = await sample.Client.PostAsJsonAsync("/orders", new PlaceOrder(customer, 9.5m), Cancellation);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<Overview> OverviewAsync(WebSample<PlaceOrder> sample) => (await sample.Client.GetFromJsonAsync<Overview>("/", Cancellation))!;
}
