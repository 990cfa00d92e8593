using System.Net;
using System.Net.Http.Json;
using WebApi.Orders;
using WebApi.Sales;

namespace WebApi.Tests;

public sealed class OrderTests(TestDatabase database)
{
    [Fact]
    public async Task An_order_is_answered_with_its_place_and_can_be_read_there()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);

        using var response = await shop.Client.PostAsJsonAsync("/orders", new NewOrder("Grüner Tee ☕", 3), TestContext.Current.CancellationToken);
        var placed = await response.Content.ReadFromJsonAsync<Order>(TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(("Grüner Tee ☕", 3), (placed!.Product, placed.Quantity));
        Assert.Equal($"/orders/{placed.Id}", response.Headers.Location?.AbsolutePath);
        Assert.Equal(placed, await shop.Client.GetFromJsonAsync<Order>(response.Headers.Location, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_latest_orders_come_newest_first()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);
        for (var i = 1; i <= 4; i++)
            await shop.PlaceAsync(quantity: i);

        var latest = await shop.Client.GetFromJsonAsync<Order[]>("/orders?limit=3", TestContext.Current.CancellationToken);

        Assert.Equal([4, 3, 2], latest!.Select(order => order.Quantity));
    }

    [Fact]
    public async Task The_handler_sums_up_what_was_sold()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);

        await shop.PlaceAsync("Tea", 2);
        await shop.PlaceAsync("Cake", 1);
        await shop.PlaceAsync("Tea", 3);

        await WaitForSalesAsync(shop, new("Tea", 2, 5), new("Cake", 1, 1));
    }

    [Fact]
    public async Task A_repeated_notification_counts_nothing_twice()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);
        var order = await shop.PlaceAsync("Tea", 2);

        await data.NotifyAsync($$"""{"id":{{order.Id}},"product":"Tea","quantity":2,"placedAt":"2026-01-01T00:00:00Z"}""");
        await data.NotifyAsync("""{"id":99,"product":"Never ordered","quantity":2,"placedAt":"2026-01-01T00:00:00Z"}""");
        await shop.PlaceAsync("Cake", 1);

        await WaitForSalesAsync(shop, new("Tea", 1, 2), new("Cake", 1, 1));
    }

    [Fact]
    public async Task At_the_start_the_handler_reads_what_was_sold_before()
    {
        await using var data = await database.CreateAsync();
        await using (var yesterday = await Shop.StartAsync(data))
            await yesterday.PlaceAsync("Tea", 4);

        await using var shop = await Shop.StartAsync(data);

        await WaitForSalesAsync(shop, new ProductSales("Tea", 1, 4));
    }

    [Fact]
    public async Task Sales_are_right_again_after_all_connections_were_cut()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data, ("PgListener:ReconnectDelay", "00:00:01"));
        await shop.PlaceAsync("Tea", 4);
        await WaitForSalesAsync(shop, new ProductSales("Tea", 1, 4));

        await data.TerminateEverythingAsync();
        await data.QueryAsync<long>("insert into orders (product, quantity) values ('Tea', 5) returning id");

        await WaitForSalesAsync(shop, new ProductSales("Tea", 2, 9));
    }

    private static async Task WaitForSalesAsync(Shop shop, params ProductSales[] expected)
        => await Eventually.GetAsync(
            async () => string.Join('\n', (await shop.StatusAsync()).Products ?? []),
            products => products == string.Join('\n', expected.AsEnumerable()));
}
