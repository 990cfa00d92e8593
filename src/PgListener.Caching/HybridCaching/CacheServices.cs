using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.HybridCaching;

/// <summary>The application's services as the inner cache sees them: with its own levels and its own clock, and otherwise unchanged.</summary>
internal sealed class CacheServices(IServiceProvider services, LocalLevel local, CacheClock clock, Func<IDistributedCache, SharedWrites> guard) : IServiceProvider, IKeyedServiceProvider
{
    private SharedLevel? _shared;

    /// <summary>Whether the inner cache has asked for the local level. Otherwise it is not the one of Microsoft.Extensions.Caching.Hybrid.</summary>
    public bool IsLocalTaken { get; private set; }

    /// <summary>Decides about writes to the shared level; <see langword="null"/> if there is none.</summary>
    public SharedWrites? Guard { get; private set; }

    public object? GetService(Type serviceType)
    {
        if (serviceType == typeof(IMemoryCache))
        {
            IsLocalTaken = true;
            return local;
        }

        if (serviceType == typeof(IServiceProvider))
            return this;
        if (serviceType == typeof(TimeProvider))
            return clock;

        var service = services.GetService(serviceType);
        return serviceType == typeof(IDistributedCache) ? Share(service) : service;
    }

    public object? GetKeyedService(Type serviceType, object? serviceKey)
    {
        var service = ((IKeyedServiceProvider)services).GetKeyedService(serviceType, serviceKey);
        return serviceType == typeof(IDistributedCache) ? Share(service) : service;
    }

    public object GetRequiredKeyedService(Type serviceType, object? serviceKey)
    {
        var service = ((IKeyedServiceProvider)services).GetRequiredKeyedService(serviceType, serviceKey);
        return serviceType == typeof(IDistributedCache) ? Share(service)! : service;
    }

    /// <summary>A distributed cache in this process's memory is not shared, so the local level is enough; the inner cache decides the same when it sees the usual memory cache.</summary>
    private SharedLevel? Share(object? service)
    {
        if (service is not IDistributedCache cache || cache.GetType() == typeof(MemoryDistributedCache))
            return null;
        if (_shared is not null)
            return _shared;

        Guard = guard(cache);
        return _shared = cache is IBufferDistributedCache buffered ? new BufferedSharedLevel(buffered, Guard) : new SharedLevel(cache, Guard);
    }
}
