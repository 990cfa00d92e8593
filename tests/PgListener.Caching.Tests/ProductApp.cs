using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using PgListener.TestServer;
using WebApi.Tests;

namespace PgListener.Caching.Tests;

/// <summary>An application with change tokens for a table, and a way to its database that can be cut.</summary>
internal sealed class ProductApp : IAsyncDisposable
{
    public static readonly ChangeFeed Feed = ChangeFeed.For("public.products").Key("id").MaxKeys(10);

    private readonly NpgsqlDataSource _admin;
    private readonly IHost _host;
    private readonly Received<string> _gaps;
    private readonly int _subscriptions;

    private ProductApp(string database, FaultProxy proxy, IHost host, Received<string> gaps, int subscriptions)
    {
        _gaps = gaps;
        _subscriptions = subscriptions;
        Database = database;
        _admin = NpgsqlDataSource.Create(database);
        Proxy = proxy;
        _host = host;
    }

    /// <summary>The connection string, without the proxy.</summary>
    public string Database { get; }

    public FaultProxy Proxy { get; }

    public IServiceProvider Services => _host.Services;

    public IChangeTokens<Product> Tokens => Services.GetRequiredService<IChangeTokens<Product>>();

    public IMemoryCache Cache => Services.GetRequiredService<IMemoryCache>();

    public FakeLogCollector Log => Services.GetFakeLogCollector();

    /// <summary>Creates it with a database of its own, not started yet.</summary>
    public static async Task<ProductApp> CreateAsync(ServerFixture server, Func<ChangeFeed, ChangeFeed>? shape = null, Action<PgListenerBuilder>? configure = null)
    {
        var feed = (shape ?? (static feed => feed))(Feed);
        var app = Create(await server.CreateDatabaseAsync(), feed, configure);
        await app.ExecuteAsync("create table products (id bigint primary key, name text, price numeric); insert into products select i, 'Product', 1 from generate_series(1, 100) i");
        await app.ExecuteAsync(feed.Script);
        return app;
    }

    /// <summary>Creates it with a database of its own, and starts it. The gap of the start has been told.</summary>
    public static async Task<ProductApp> StartAsync(ServerFixture server, Func<ChangeFeed, ChangeFeed>? shape = null, Action<PgListenerBuilder>? configure = null)
    {
        var app = await CreateAsync(server, shape, configure);
        await app.StartAsync();
        return app;
    }

    /// <summary>Starts another instance on the same database.</summary>
    public async Task<ProductApp> StartAnotherAsync(Action<PgListenerBuilder> configure, ChangeFeed? feed = null)
    {
        var app = Create(Database, feed ?? Feed, configure);
        await app.StartAsync();
        return app;
    }

    /// <summary>Starts it, and waits until the gap of the start has been handled everywhere.</summary>
    public async Task StartAsync()
    {
        await StartHostAsync();
        for (var i = 0; i < _subscriptions; i++)
            await _gaps.NextAsync();
    }

    public Task StartHostAsync() => _host.StartAsync(TestContext.Current.CancellationToken);

    public Task StopAsync() => _host.StopAsync(TestContext.Current.CancellationToken);

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _admin.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Completes when a token fires.</summary>
    public static Task FiredAsync(Microsoft.Extensions.Primitives.IChangeToken token)
    {
        var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.RegisterChangeCallback(static state => ((TaskCompletionSource)state!).TrySetResult(), fired);
        return fired.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
    }

    private static ProductApp Create(string database, ChangeFeed feed, Action<PgListenerBuilder>? configure)
    {
        var proxy = FaultProxy.Start(database);
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Logging.AddFakeLogging();
        builder.Services.AddMemoryCache();
        var listener = builder.Services.AddPgListener(options =>
        {
            options.ConnectionString = proxy.ConnectionString;
            options.ReconnectDelay = options.MaxReconnectDelay = TimeSpan.FromMilliseconds(50);
        }).AddChangeFeed<Product>(feed);
        configure?.Invoke(listener);
        listener.AddChangeTokens<Product>();

        // Gaps of handlers are seen by a filter, and those of a coherent cache, which subscribes by itself, by a listener around the one that it gets.
        var gaps = new Received<string>();
        var isCoherent = builder.Services.Any(service => service.ServiceType == typeof(HybridCache));
        listener.AddFilter(async (context, next, token) =>
        {
            await next(token);
            if (context.Resync is not null)
                gaps.Add(context.HandlerName);
        });
        var original = builder.Services.First(service => service.ServiceType == typeof(IPgListener) && !service.IsKeyedService);
        builder.Services.Replace(ServiceDescriptor.Singleton<IPgListener>(services => new WatchedListener((IPgListener)original.ImplementationFactory!(services)) { OnGap = _ => gaps.Add("coherence") }));
        return new(database, proxy, builder.Build(), gaps, builder.Services.Count(service => service.ServiceType == typeof(INotificationHandler<Changes<Product>>) && !service.IsKeyedService) + (isCoherent ? 1 : 0));
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(TestContext.Current.CancellationToken);
        if (_host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
        await Proxy.DisposeAsync();
        await _admin.DisposeAsync();
    }
}
