using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Caching.Tests.HybridCaching;

/// <summary>Caches with a shared level.</summary>
public abstract class SharedLevelScene(ServerFixture server)
{
    private protected const string RemovalOfAll = "__MSFT_HCT__*";

    private protected readonly string _channel = ServerFixture.NewChannel();
    private protected readonly SharedStore _store = new();

    /// <summary>Starts an instance, with the shared level unless other services are named.</summary>
    private protected Task<Instance> StartAsync(Action<IServiceCollection>? add = null, Action<HybridCacheCoherenceOptions>? configure = null)
        => Instance.StartAsync(server.ConnectionString, _channel, add ?? (services => services.AddSingleton<IDistributedCache>(_store)), configure);
}
