using System.Net.Http.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using PgListener;
using WebApi.Orders;

namespace WebApi.Tests;

/// <summary>The sample, running.</summary>
internal sealed class Shop : WebApplicationFactory<Program>
{
    private readonly string _connectionString;
    private readonly (string Key, string Value)[] _settings;
    private Action<IServiceCollection>? _configure;

    private Shop(string connectionString, (string Key, string Value)[] settings)
    {
        _connectionString = connectionString;
        _settings = settings;
    }

    public HttpClient Client { get; private set; } = null!;

    public IPgListener Listener => Services.GetRequiredService<IPgListener>();

    /// <summary>Starts it in memory and waits until it listens.</summary>
    public static async Task<Shop> StartAsync(ShopData data, params (string Key, string Value)[] settings)
    {
        var shop = StartWithoutDatabase(data.ConnectionString, settings);
        await shop.Listener.WaitUntilListeningAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        return shop;
    }

    /// <summary>Starts it in memory with further services, and waits until it listens.</summary>
    public static async Task<Shop> StartAsync(ShopData data, Action<IServiceCollection> configure, params (string Key, string Value)[] settings)
    {
        var shop = new Shop(data.ConnectionString, settings) { _configure = configure };
        shop.Client = shop.CreateClient();
        await shop.Listener.WaitUntilListeningAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        return shop;
    }

    /// <summary>Starts it in memory, with a database that cannot be reached.</summary>
    public static Shop StartWithoutDatabase(string connectionString, params (string Key, string Value)[] settings)
    {
        var shop = new Shop(connectionString, settings);
        shop.Client = shop.CreateClient();
        return shop;
    }

    /// <summary>Starts it on a real port and waits until it listens.</summary>
    public static Task<Shop> StartOnPortAsync(ShopData data, int port = 0, params (string Key, string Value)[] settings)
        => StartOnPortAsync(data, configure: null, port, settings);

    /// <summary>Starts it on a real port with further services, and waits until it listens.</summary>
    public static async Task<Shop> StartOnPortAsync(ShopData data, Action<IServiceCollection>? configure, int port = 0, params (string Key, string Value)[] settings)
    {
        // Not UseKestrel(port): that sets the port while the sample's own Main is starting the server, which is a race.
        var shop = new Shop(data.ConnectionString, [.. settings, ("urls", $"http://127.0.0.1:{port}")]) { _configure = configure };
        shop.UseKestrel();
        shop.StartServer();
        shop.Client = shop.CreateClient();
        await shop.Listener.WaitUntilListeningAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        return shop;
    }

    public async Task<Order> PlaceAsync(string product = "Tea", int quantity = 1)
    {
        using var response = await Client.PostAsJsonAsync("/orders", new NewOrder(product, quantity), TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<Order>(TestContext.Current.CancellationToken))!;
    }

    public async Task<ShopStatus> StatusAsync()
        => (await Client.GetFromJsonAsync<ShopStatus>("/status", TestContext.Current.CancellationToken))!;

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("ConnectionStrings:Postgres", _connectionString);
        builder.UseSetting("Logging:Console:LogLevel:Default", "None");
        foreach (var (key, value) in _settings)
            builder.UseSetting(key, value);
        if (_configure is not null)
            builder.ConfigureServices(_configure);
    }
}
