using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using PgListener.Caching.Tests.FusionCache;

namespace PgListener.Caching.Tests.Checks;

/// <summary>The kinds of caches that are checked.</summary>
internal static class CheckedCaches
{
    public const string Hybrid = "hybrid";

    public const string Fusion = "fusion";

    /// <summary>Gives an instance a cache, and starts it.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="shared">The shared level; <see langword="null"/> for none.</param>
    public static async Task<ICheckedCache> StartAsync(string kind, Instance instance, string channel, IDistributedCache? shared)
    {
        if (kind == Hybrid)
        {
            if (shared is not null)
                instance.Services.AddSingleton(shared);
            CheckedHybridCache.Add(instance.Services, channel);
            await instance.StartAsync();
            return new CheckedHybridCache(instance, channel);
        }

        CheckedFusionCache.Add(instance.Services, channel, shared);
        await instance.StartAsync(names: []);
        return new CheckedFusionCache(instance, channel);
    }
}
