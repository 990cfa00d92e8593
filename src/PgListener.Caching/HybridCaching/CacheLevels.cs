using Microsoft.Extensions.Caching.Hybrid;

namespace PgListener.HybridCaching;

/// <summary>The inner cache, and what it stores its values in.</summary>
internal sealed class CacheLevels : IDisposable
{
    private readonly Func<HybridCache> _create;
    private volatile InnerCache _inner;

    /// <param name="registration">Creates the inner cache.</param>
    /// <param name="services">The services that it sees.</param>
    /// <param name="local">The local level.</param>
    /// <param name="clock">Its clock.</param>
    /// <param name="hearing">Whether invalidations arrive.</param>
    /// <param name="repair">Repairs the shared level.</param>
    /// <param name="metrics">Counts.</param>
    public CacheLevels(CacheRegistration registration, CacheServices services, LocalLevel local, CacheClock clock, Hearing hearing, SharedRepair repair, CoherenceMetrics metrics)
    {
        Local = local;
        Clock = clock;
        Hearing = hearing;
        Repair = repair;
        Metrics = metrics;
        _create = () => registration.CreateInner(services);
        _inner = new(_create(), clock);
        Shared = services.Guard;
    }

    public HybridCache Inner => _inner.Cache;

    public LocalLevel Local { get; }

    /// <summary>Guards the shared level; <see langword="null"/> if there is none.</summary>
    public SharedWrites? Shared { get; }

    /// <summary>Repairs the shared level, if there is one.</summary>
    public SharedRepair Repair { get; }

    public CacheClock Clock { get; }

    public Hearing Hearing { get; }

    public CoherenceMetrics Metrics { get; }

    /// <summary>Gets the inner cache for a call, which may read the shared level if the cache knows when the call's tags were removed.</summary>
    public async ValueTask<HybridCache> EnterAsync(CacheCall call)
    {
        if (Shared is not { } shared)
            return Inner;

        var opening = shared.Opening; // First: a cache that is replaced meanwhile belongs to an earlier one.
        var inner = _inner;
        if (!shared.IsClosed && await inner.LearnAsync(call.Tags, shared, isAgain: !Hearing.IsListening).ConfigureAwait(false))
            call.Opening = opening;
        return inner.Cache;
    }

    /// <summary>Removes a tag.</summary>
    /// <param name="tag">The tag.</param>
    /// <param name="call">Whether that is recorded in the shared level.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RemoveByTagAsync(string tag, CacheCall call, CancellationToken cancellationToken)
    {
        CacheCall.Current = call;
        InnerCache inner;
        do
        {
            inner = _inner;
            await inner.RemoveByTagAsync(tag, cancellationToken).ConfigureAwait(false);
        }
        while (inner != _inner); // It was replaced by one that may not know the removal.
    }

    /// <summary>Applies what another one has removed, and recorded in the shared level or will.</summary>
    public Task ApplyTagAsync(string tag, CancellationToken cancellationToken)
    {
        InvalidateTag(tag);
        return RemoveByTagAsync(tag, CacheCall.Applies, cancellationToken);
    }

    /// <summary>From now on, nothing that was read before is stored or returned for these keys.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="repair">Has the shared level repaired, if there is one.</param>
    public void Invalidate(IReadOnlyCollection<string> keys, Action<SharedRepair> repair) => Invalidate(() => Local.Invalidate(keys), repair);

    /// <summary>From now on, nothing that was read before is stored or returned.</summary>
    /// <param name="repair">Has the shared level repaired, if there is one.</param>
    public void Clear(Action<SharedRepair> repair) => Invalidate(Local.Clear, repair);

    /// <summary>From now on, nothing with this tag that was read before is stored or returned.</summary>
    public void InvalidateTag(string tag)
    {
        if (tag == Tag.All)
            Local.Clear();
        else
            Local.InvalidateTag(tag);
    }

    /// <summary>
    /// Replaces the inner cache. It reads once when a tag was removed, and never again, so it does not know what was removed in a gap. A new one learns that again for each tag before it
    /// is asked for a value with it. A removal of everything is read before and after, so that none is missed in between. The local level is cleared: the new one does not know either what was
    /// removed while the old one was in use, and what is stored there has to be compared with that.
    /// </summary>
    public async Task RenewAsync(SharedWrites shared, CancellationToken cancellationToken)
    {
        var removal = await shared.ReadRemovalAsync(Tag.All, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested(); // It has taken too long, and is repeated.
        var renewed = new InnerCache(_create(), Clock);
        renewed.Learn(Tag.All, removal);
        _inner = renewed;
        Local.Clear();
        renewed.Learn(Tag.All, await shared.ReadRemovalAsync(Tag.All, cancellationToken).ConfigureAwait(false));
    }

    public void Dispose()
    {
        Local.Dispose();
        Metrics.Dispose();
    }

    /// <summary>
    /// Changes the local level before the shared one, so that what was read before is not written there any more; and once more afterwards, because an old value may have been read from there in between.
    /// </summary>
    private void Invalidate(Action invalidate, Action<SharedRepair> repair)
    {
        invalidate();
        if (Shared is null)
            return;

        repair(Repair);
        invalidate();
    }
}
