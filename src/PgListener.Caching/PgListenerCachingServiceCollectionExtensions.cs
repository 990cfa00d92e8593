using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using PgListener;
using PgListener.HybridCaching;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes hybrid caches coherent: what one instance of the application removes from its cache, all instances remove.</summary>
public static class PgListenerCachingServiceCollectionExtensions
{
    /// <summary>
    /// Makes the application's <see cref="HybridCache"/> coherent with those of its other instances: <c>RemoveAsync</c>, <c>RemoveByTagAsync</c> and <c>SetAsync</c> on one of them take
    /// effect on all. After a gap, in which invalidations may have been missed, the local level is cleared.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Changes settings.</param>
    /// <returns>The services.</returns>
    /// <remarks>
    /// <para>It adds the cache if <c>AddHybridCache()</c> has not; that call may come before or after this one. The listener is added with <c>AddPgListener()</c>.</para>
    /// <para>
    /// The local level is a memory cache of its own, with the settings of <see cref="Caching.Memory.MemoryCacheOptions"/>. The shared level is the application's
    /// <see cref="Caching.Distributed.IDistributedCache"/>, if there is one. An invalidation from another instance changes the local level; in the shared one it takes back what this instance had read before and written afterwards. Pass the same tags when you read a value as when it was written.
    /// </para>
    /// <para>
    /// The methods return when the notification was committed, or the first attempt has failed. They do not throw when PostgreSQL cannot be reached: a warning is logged, and the notification is
    /// sent as soon as that is possible. It belongs to no transaction of the caller; so remove a value after the commit that has changed it.
    /// </para>
    /// </remarks>
    public static IServiceCollection AddPgListenerCoherence(this IServiceCollection services, Action<HybridCacheCoherenceOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddHybridCache();
        return Add(services, key: null, configure);
    }

    /// <summary>Makes a keyed <see cref="HybridCache"/> coherent with those of the application's other instances, as <see cref="AddPgListenerCoherence"/> does. Each has a channel of its own.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="serviceKey">The key that <c>AddKeyedHybridCache</c> was called with, before this call.</param>
    /// <param name="configure">Changes settings.</param>
    /// <returns>The services.</returns>
    /// <exception cref="InvalidOperationException">No hybrid cache has this key yet.</exception>
    public static IServiceCollection AddKeyedPgListenerCoherence(this IServiceCollection services, object serviceKey, Action<HybridCacheCoherenceOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(serviceKey);
        return Add(services, serviceKey, configure);
    }

    private static IServiceCollection Add(IServiceCollection services, object? key, Action<HybridCacheCoherenceOptions>? configure)
    {
        var registration = services.Select(static service => service.ServiceType == typeof(CacheRegistration) ? service.ImplementationInstance as CacheRegistration : null)
            .FirstOrDefault(existing => existing is not null && Equals(existing.Key, key));
        if (registration is null)
            registration = Register(services, key);
        if (configure is not null)
            services.Configure(registration.OptionsName, configure);
        return services;
    }

    private static CacheRegistration Register(IServiceCollection services, object? key)
    {
        var descriptor = services.LastOrDefault(service => service.ServiceType == typeof(HybridCache) && Equals(service.ServiceKey, key))
            ?? throw new InvalidOperationException($"No HybridCache with the key '{key}' is registered. Call AddKeyedHybridCache(\"{key}\") before AddKeyedPgListenerCoherence(\"{key}\").");
        var registration = new CacheRegistration(key, descriptor);
        services.AddSingleton(registration);
        services.Remove(descriptor);
        services.AddOptions<HybridCacheCoherenceOptions>(registration.OptionsName)
            .Configure(options => options.Channel = key is null ? CacheRegistration.DefaultChannel : $"{CacheRegistration.DefaultChannel}:{key}")
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<HybridCacheCoherenceOptions>>(new CoherenceOptionsValidator(registration));
        if (key is null)
            services.AddSingleton<HybridCache>(provider => CoherentHybridCacheFactory.Create(registration, provider));
        else
            services.AddKeyedSingleton<HybridCache>(key, (provider, _) => CoherentHybridCacheFactory.Create(registration, provider));
        services.AddSingleton<IHostedService>(provider => new CoherenceService(registration, provider));
        return registration;
    }
}
