using PgListener.Caching.Tests.FusionCache;

namespace PgListener.Caching.Tests.Checks;

/// <summary>The kinds of caches that are checked.</summary>
internal static class CheckedCaches
{
    public const string Hybrid = "hybrid";

    public const string Fusion = "fusion";

    /// <summary>Gives an instance a cache, and starts it.</summary>
    public static async Task<ICheckedCache> StartAsync(string kind, Instance instance, string channel)
    {
        if (kind == Hybrid)
        {
            CheckedHybridCache.Add(instance.Services, channel);
            await instance.StartAsync();
            return new CheckedHybridCache(instance, channel);
        }

        CheckedFusionCache.Add(instance.Services, channel);
        await instance.StartAsync(names: []);
        return new CheckedFusionCache(instance, channel);
    }
}
