using Microsoft.Extensions.Hosting;

namespace PgListener.HybridCaching;

/// <summary>Starts and stops a coherent cache with the host.</summary>
internal sealed class CoherenceService(CacheRegistration registration, IServiceProvider services) : IHostedLifecycleService
{
    private CoherentHybridCache? _cache;

    /// <summary>Subscribes before other hosted services may use the cache.</summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        _cache = registration.Check(services);
        return _cache.SubscribeAsync(cancellationToken);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends what the others have not been told yet, while the publisher exists.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _cache?.FlushAsync(cancellationToken) ?? Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
