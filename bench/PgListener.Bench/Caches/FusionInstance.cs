using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ZiggyCreatures.Caching.Fusion;

namespace PgListener.Bench;

/// <summary>A FusionCache with a backplane.</summary>
internal sealed class FusionInstance : ICacheInstance
{
    private readonly IHost _host;
    private readonly IFusionCache _cache;

    private FusionInstance(IHost host)
    {
        _host = host;
        _cache = host.Services.GetRequiredService<IFusionCache>();
    }

    /// <summary>With PgListener's backplane.</summary>
    public static Task<ICacheInstance> StartOnPostgresAsync(string connectionString, CancellationToken cancellationToken)
        => StartAsync(
            services => services.AddPgListener(connectionString: connectionString),
            cache => cache.WithPgListenerBackplane(),
            services => services.GetRequiredService<IPgListener>().WaitUntilListeningAsync(cancellationToken),
            cancellationToken);

    /// <summary>With FusionCache's own backplane on Redis.</summary>
    public static Task<ICacheInstance> StartOnRedisAsync(string configuration, CancellationToken cancellationToken)
        => StartAsync(_ => { }, cache => cache.WithStackExchangeRedisBackplane(options => options.Configuration = configuration), _ => Task.CompletedTask, cancellationToken);

    public async ValueTask FillAsync(string key) => await _cache.GetOrSetAsync<string>(key, (_, _) => Task.FromResult("value"), options => options.SetSkipBackplaneNotifications(true));

    public bool Has(string key) => _cache.TryGet<string>(key).HasValue;

    public ValueTask RemoveAsync(string key) => _cache.RemoveAsync(key);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    private static async Task<ICacheInstance> StartAsync(
        Action<IServiceCollection> add, Action<IFusionCacheBuilder> configure, Func<IServiceProvider, Task> whenConnected, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        add(builder.Services);
        configure(builder.Services.AddFusionCache().WithOptions(options => options.WaitForInitialBackplaneSubscribe = true).WithDefaultEntryOptions(options => options.AllowBackgroundBackplaneOperations = false));
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        var instance = new FusionInstance(host);
        await whenConnected(host.Services);
        return instance;
    }
}
