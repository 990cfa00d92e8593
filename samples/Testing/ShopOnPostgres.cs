using System.Threading.Channels;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;
using PgListener;
using WebApi.Orders;

namespace Testing;

/// <summary>The unchanged shop, with a database of its own.</summary>
internal sealed class ShopOnPostgres(string connectionString) : WebApplicationFactory<Program>, IShop
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public HttpClient Client => field ??= CreateClient();

    private HandlerSignal.Log Signals => Services.GetRequiredService<HandlerSignal.Log>();

    public static async Task<ShopOnPostgres> StartAsync(string connectionString)
    {
        var shop = new ShopOnPostgres(connectionString);
        await shop.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync(Cancellation).WaitAsync(Limit, Cancellation);
        await NextAsync(shop.Signals.Gaps); // The gap of the start.
        return shop;
    }

    public async Task WhenHandledAsync(int orders)
    {
        for (var i = 0; i < orders; i++)
            await NextAsync(Signals.Orders);
    }

    public Task AddUnheardAsync(string product, int quantity)
        => ExecuteAsync("insert into orders (product, quantity) values ($1, $2)", product, quantity);

    public async Task LoseConnectionAsync(Func<Task> whileLost)
    {
        await whileLost();
        await ExecuteAsync("select pg_terminate_backend($1)", Services.GetRequiredService<IPgListener>().Status.ProcessId!);
        await NextAsync(Signals.Gaps);
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("ConnectionStrings:Postgres", connectionString);
        builder.UseSetting("Logging:LogLevel:Default", "None");
        builder.ConfigureTestServices(static services =>
        {
            services.AddSingleton<HandlerSignal.Log>();
            services.Replace(ServiceDescriptor.Transient<INotificationHandler<OrderPlaced>, HandlerSignal>());
        });
    }

    private static async Task<T> NextAsync<T>(Channel<T> signals) => await signals.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(Limit, Cancellation);

    private async Task ExecuteAsync(string sql, params object[] parameters)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        foreach (var value in parameters)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
