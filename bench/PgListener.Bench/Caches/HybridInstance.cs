using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace PgListener.Bench;

/// <summary>A HybridCache with <c>AddPgListenerCoherence()</c>.</summary>
internal sealed class HybridInstance : ICacheInstance
{
    private static readonly HybridCacheEntryOptions OnlyMemory = new() { Flags = HybridCacheEntryFlags.DisableDistributedCache | HybridCacheEntryFlags.DisableUnderlyingData };

    private readonly IHost _host;
    private readonly HybridCache _cache;

    private HybridInstance(IHost host)
    {
        _host = host;
        _cache = host.Services.GetRequiredService<HybridCache>();
    }

    public static async Task<ICacheInstance> StartAsync(string connectionString, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Services.AddPgListener(connectionString: connectionString);
        builder.Services.AddPgListenerCoherence().AddHybridCache();
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        await host.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync(cancellationToken);
        return new HybridInstance(host);
    }

    public async ValueTask FillAsync(string key) => await _cache.GetOrCreateAsync(key, static _ => ValueTask.FromResult("value"));

    public bool Has(string key)
    {
        var found = _cache.GetOrCreateAsync(key, static _ => ValueTask.FromResult(""), OnlyMemory);
        return found.IsCompletedSuccessfully && found.Result is not null;
    }

    public ValueTask RemoveAsync(string key) => _cache.RemoveAsync(key);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
