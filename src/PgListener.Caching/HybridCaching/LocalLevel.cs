using Microsoft.Extensions.Caching.Memory;

namespace PgListener.HybridCaching;

/// <summary>
/// The local level of one hybrid cache: a memory cache of its own, so that clearing it leaves other entries of the application alone. It refuses a value whose key or tag
/// was invalidated after its reading began, and has nothing to read while the listener has not been listening for too long.
/// </summary>
/// <remarks>Whether a value is stale, and that it is stored, is decided in one step under a lock, as is an invalidation. So nothing that was invalidated is ever visible afterwards. Reads take no lock.</remarks>
internal sealed class LocalLevel(MemoryCache entries, Hearing hearing, CoherenceMetrics metrics) : IMemoryCache
{
    private readonly Lock _sync = new();
    private readonly Invalidations _invalidations = new();

    /// <summary>The call that has stored a value last, for each place.</summary>
    private readonly CacheCall?[] _latest = Invalidations.TableOf<CacheCall>();

    /// <summary>The latest invalidation.</summary>
    public long Now => _invalidations.Now;

    public bool IsStale(CacheCall call) => _invalidations.IsStale(call);

    /// <summary>Whether there is a value for a key.</summary>
    public bool Contains(string key) => entries.TryGetValue(key, out _) && hearing.IsLocalUsable;

    public bool TryGetValue(object key, out object? value)
    {
        var found = entries.TryGetValue(key, out value) && hearing.IsLocalUsable;
        if (!found)
            value = null;
        if (CacheCall.Current is { } call && call.Key.Equals(key as string, StringComparison.Ordinal))
            call.Ask(found);
        return found;
    }

    public ICacheEntry CreateEntry(object key) => new LocalEntry(this, entries.CreateEntry(key), CacheCall.Current);

    /// <summary>Stores an entry, or discards it if it may be stale.</summary>
    /// <param name="entry">The entry of the memory cache.</param>
    /// <param name="call">The call that stores it; <see langword="null"/> if that is not known, because the caller has suppressed the flow of the execution context.</param>
    public bool TryStore(ICacheEntry entry, CacheCall? call)
    {
        if (call is null || !call.Key.Equals(entry.Key as string, StringComparison.Ordinal))
            return false;

        lock (_sync)
        {
            if (_invalidations.IsStale(call))
            {
                metrics.Refuse();
                return false;
            }

            entry.Dispose(); // This stores it.
            _latest[Invalidations.PlaceOf(call.Key)] = call;
            return true;
        }
    }

    /// <summary>Called by the inner cache for what it removes.</summary>
    public void Remove(object key)
    {
        lock (_sync)
            entries.Remove(key);
        if (CacheCall.Current is { } call && call.Key.Equals(key as string, StringComparison.Ordinal))
            call.Ask(found: false);
    }

    /// <summary>From now on, nothing that was read before is stored for these keys; and what is stored is removed.</summary>
    public void Invalidate(IEnumerable<string> keys)
    {
        lock (_sync)
        {
            foreach (var key in keys)
            {
                _invalidations.AddKey(key);
                entries.Remove(key);
            }
        }
    }

    /// <summary>A value of the application is about to be stored. From now on, nothing that was read before replaces it.</summary>
    public void BeginSet(string key)
    {
        lock (_sync)
            _invalidations.AddKey(key);
    }

    /// <summary>It was stored in all levels. What others have read and stored in the meantime may be what the shared level had before.</summary>
    public void EndSet(CacheCall call)
    {
        lock (_sync)
        {
            _invalidations.AddKey(call.Key);
            if (_latest[Invalidations.PlaceOf(call.Key)] != call)
                entries.Remove(call.Key);
        }
    }

    /// <summary>From now on, nothing with this tag that was read before is stored. The inner cache knows what is stored.</summary>
    public void InvalidateTag(string tag)
    {
        lock (_sync)
            _invalidations.AddTag(tag);
    }

    /// <summary>From now on, nothing that was read before is stored; and everything is removed.</summary>
    public void Clear()
    {
        lock (_sync)
        {
            _invalidations.AddAll();
            entries.Clear();
        }
    }

    public MemoryCacheStatistics? GetCurrentStatistics() => entries.GetCurrentStatistics();

    public void Dispose() => entries.Dispose();
}
