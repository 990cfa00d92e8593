using Microsoft.Extensions.Caching.Hybrid;

namespace PgListener.HybridCaching;

/// <summary>The inner cache, and what it stores its values in.</summary>
internal sealed class CacheLevels : IDisposable
{
    private readonly Func<HybridCache> _create;
    private volatile HybridCache _inner;

    /// <param name="registration">Creates the inner cache.</param>
    /// <param name="services">The services that it sees.</param>
    /// <param name="local">The local level.</param>
    /// <param name="clock">Its clock.</param>
    /// <param name="hearing">Whether invalidations arrive.</param>
    /// <param name="metrics">Counts.</param>
    public CacheLevels(CacheRegistration registration, CacheServices services, LocalLevel local, CacheClock clock, Hearing hearing, CoherenceMetrics metrics)
    {
        Local = local;
        Clock = clock;
        Hearing = hearing;
        Metrics = metrics;
        _create = () => registration.CreateInner(services);
        _inner = _create();
        Shared = services.Guard;
    }

    public HybridCache Inner => _inner;

    public LocalLevel Local { get; }

    /// <summary>Guards the shared level; <see langword="null"/> if there is none.</summary>
    public SharedWrites? Shared { get; }

    public CacheClock Clock { get; }

    public Hearing Hearing { get; }

    public CoherenceMetrics Metrics { get; }

    /// <summary>
    /// Replaces the inner cache. It reads once when a tag was removed, and never again, so it does not know what was removed in a gap. A new one reads that again for
    /// each tag before it returns a value with it; when everything was removed, it would read too late.
    /// </summary>
    public async Task RenewAsync(SharedWrites shared, CancellationToken cancellationToken)
    {
        var removal = await shared.ReadRemovalOfAllAsync(cancellationToken).ConfigureAwait(false);
        var renewed = _create();
        if (removal > 0)
        {
            CacheCall.Current = CacheCall.Applies;
            await CacheClock.At(removal, () => renewed.RemoveByTagAsync("*", cancellationToken)).ConfigureAwait(false);
        }

        _inner = renewed;
    }

    public void Dispose()
    {
        Local.Dispose();
        Metrics.Dispose();
    }
}
