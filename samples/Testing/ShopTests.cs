using System.Net.Http.Json;
using WebApi;
using WebApi.Orders;
using WebApi.Sales;

namespace Testing;

/// <summary>
/// Tests the whole shop over HTTP. The tests run twice: in memory, which is fast, and on a real PostgreSQL, which also shows that the SQL is right
/// and that the notification is part of the transaction.
/// </summary>
public abstract class ShopTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_ordered_is_counted()
    {
        await using var shop = await StartAsync();
        await PlaceAsync(shop, "Tea", 2);
        await PlaceAsync(shop, "Cake", 1);
        await PlaceAsync(shop, "Tea", 3);
        await shop.WhenHandledAsync(3);

        Assert.Equal([new("Tea", 2, 5), new("Cake", 1, 1)], await SalesAsync(shop));
    }

    [Fact]
    public async Task Orders_placed_while_the_connection_is_lost_are_counted_too()
    {
        await using var shop = await StartAsync();
        await PlaceAsync(shop, "Tea", 2);
        await shop.WhenHandledAsync(1);

        await shop.LoseConnectionAsync(whileLost: () => shop.AddUnheardAsync("Tea", 5));

        Assert.Equal([new("Tea", 2, 7)], await SalesAsync(shop));
    }

    [Fact]
    public async Task The_shop_is_healthy()
    {
        await using var shop = await StartAsync();
        using var health = await shop.Client.GetAsync("/health", Cancellation);
        Assert.True(health.IsSuccessStatusCode, await health.Content.ReadAsStringAsync(Cancellation));
    }

    private protected abstract Task<IShop> StartAsync();

    private static async Task PlaceAsync(IShop shop, string product, int quantity)
    {
        using var response = await shop.Client.PostAsJsonAsync("/orders", new NewOrder(product, quantity), Cancellation);
        response.EnsureSuccessStatusCode();
    }

    private static async Task<IReadOnlyList<ProductSales>> SalesAsync(IShop shop)
        => (await shop.Client.GetFromJsonAsync<ShopStatus>("/status", Cancellation))!.Products ?? [];
}
