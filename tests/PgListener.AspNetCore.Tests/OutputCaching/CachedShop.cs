using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using PgListener.Durable.Tests;
using PgListener.TestServer;
using WebApi.Tests;

namespace PgListener.AspNetCore.Tests.OutputCaching;

/// <summary>An application whose responses are cached until a row changes.</summary>
internal sealed class CachedShop : IAsyncDisposable
{
    private static readonly ChangeFeed Feed = ChangeFeed.For("products").Key("id").MaxKeys(10);

    private readonly NpgsqlDataSource _admin;
    private readonly WebApplication _app;
    private readonly HttpClient _client;

    private CachedShop(NpgsqlDataSource admin, FaultProxy proxy, WebApplication app)
    {
        _admin = admin;
        Proxy = proxy;
        _app = app;
        _client = new() { BaseAddress = new(app.Urls.Single()) };
    }

    public FaultProxy Proxy { get; }

    public FakeLogCollector Log => _app.Services.GetFakeLogCollector();

    /// <summary>How often a price was read.</summary>
    public ConcurrentDictionary<long, int> Readings { get; } = [];

    /// <summary>What a reading waits for, after it has read.</summary>
    public Func<Task> AfterReading { get; set; } = () => Task.CompletedTask;

    /// <summary>Starts it, and waits until the gap of the start has been handled.</summary>
    public static async Task<CachedShop> StartAsync(ServerFixture server, Action<PgListenerBuilder> configure, Action<IServiceCollection>? more = null)
    {
        var database = await server.CreateDatabaseAsync();
        var admin = NpgsqlDataSource.Create(database);
        await using (var command = admin.CreateCommand($"create table products (id bigint primary key, price int); insert into products select i, 1 from generate_series(1, 100) i; {Feed.Script}"))
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var proxy = FaultProxy.Start(database);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddFakeLogging();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddOutputCache();
        var listener = builder.Services.AddPgListener(options =>
        {
            options.ConnectionString = proxy.ConnectionString;
            options.ReconnectDelay = options.MaxReconnectDelay = TimeSpan.FromMilliseconds(50);
        }).AddChangeFeed<Product>(Feed);
        configure(listener);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        listener.AddFilter(async (context, next, token) =>
        {
            await next(token);
            if (context.Resync is not null)
                told.TrySetResult();
        });
        more?.Invoke(builder.Services);
        var app = builder.Build();
        CachedShop? shop = null;
        app.UseOutputCache();
        app.MapGet("/products/{id:long}", async (long id, HttpContext context) =>
        {
            context.Features.Get<IOutputCacheFeature>()!.Context.Tags.Add($"product:{id}");
            return Results.Text($"{await shop!.ReadAsync(id)}");
        }).CacheOutput(policy => policy.Tag("products").Expire(TimeSpan.FromHours(1)));
        await app.StartAsync(TestContext.Current.CancellationToken);
        await told.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        return shop = new(admin, proxy, app);
    }

    /// <summary>Gets a price.</summary>
    public async Task<string> GetAsync(long id) => await _client.GetStringAsync(new Uri($"/products/{id}", UriKind.Relative), TestContext.Current.CancellationToken);

    /// <summary>Gets a price until it is answered from the cache.</summary>
    public async Task FillAsync(long id)
    {
        await Eventually.GetAsync(
            async () =>
            {
                var before = Readings.GetValueOrDefault(id);
                await GetAsync(id);
                return before > 0 && Readings[id] == before;
            },
            isHit => isHit);
    }

    public Task UntilAsync(long id, string price) => Eventually.GetAsync(() => GetAsync(id), answer => answer == price);

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _admin.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        await Proxy.DisposeAsync();
        await _admin.DisposeAsync();
    }

    private async Task<object?> ReadAsync(long id)
    {
        Readings.AddOrUpdate(id, 1, static (_, count) => count + 1);
        await using var command = _admin.CreateCommand($"select price from products where id = {id}");
        var price = await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
        await AfterReading();
        return price;
    }
}
