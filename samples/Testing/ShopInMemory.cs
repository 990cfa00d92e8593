using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using PgListener;
using PgListener.Testing;
using WebApi.Orders;

namespace Testing;

/// <summary>The shop without PostgreSQL, with its orders in memory.</summary>
internal sealed class ShopInMemory : WebApplicationFactory<Program>, IShop
{
    public HttpClient Client => field ??= CreateClient();

    private PgListenerHarness Harness => Services.GetRequiredService<PgListenerHarness>();

    public static async Task<ShopInMemory> StartAsync()
    {
        var shop = new ShopInMemory();
        await shop.Harness.WhenResyncedAsync<OrderPlaced>(ResyncReason.Started);
        return shop;
    }

    public Task WhenHandledAsync(int orders) => Harness.WhenHandledAsync<OrderPlaced>(orders);

    public Task AddUnheardAsync(string product, int quantity)
    {
        ((MemoryOrders)Services.GetRequiredService<IOrderStore>()).Add(product, quantity);
        return Task.CompletedTask;
    }

    public async Task LoseConnectionAsync(Func<Task> whileLost)
    {
        await Harness.DisconnectAsync();
        await whileLost();
        await Harness.ReconnectAsync();
        await Harness.WhenResyncedAsync<OrderPlaced>();
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        // Without a connection string, the shop starts a server of its own. This one is never used.
        builder.UseSetting("ConnectionStrings:Postgres", "Host=nowhere");
        builder.UseSetting("Logging:LogLevel:Default", "None");
        builder.ConfigureTestServices(static services =>
        {
            services.AddSingleton<IOrderStore, MemoryOrders>();
            services.AddPgListenerHarness();
        });
    }
}
