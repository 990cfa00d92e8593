using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace PgListener.HybridCaching;

/// <summary>An entry that the inner cache is about to store. Its <see cref="Dispose"/> stores it, as with any entry of a memory cache, unless it may be stale.</summary>
internal sealed class LocalEntry(LocalLevel level, ICacheEntry entry, CacheCall? call) : ICacheEntry
{
    public object Key => entry.Key;

    public object? Value
    {
        get => entry.Value;
        set => entry.Value = value;
    }

    public DateTimeOffset? AbsoluteExpiration
    {
        get => entry.AbsoluteExpiration;
        set => entry.AbsoluteExpiration = value;
    }

    public TimeSpan? AbsoluteExpirationRelativeToNow
    {
        get => entry.AbsoluteExpirationRelativeToNow;
        set => entry.AbsoluteExpirationRelativeToNow = value;
    }

    public TimeSpan? SlidingExpiration
    {
        get => entry.SlidingExpiration;
        set => entry.SlidingExpiration = value;
    }

    public IList<IChangeToken> ExpirationTokens => entry.ExpirationTokens;

    public IList<PostEvictionCallbackRegistration> PostEvictionCallbacks => entry.PostEvictionCallbacks;

    public CacheItemPriority Priority
    {
        get => entry.Priority;
        set => entry.Priority = value;
    }

    public long? Size
    {
        get => entry.Size;
        set => entry.Size = value;
    }

    public void Dispose()
    {
        if (level.TryStore(entry, call))
            return;

        // The inner cache returns the value's buffer to its pool when the value is evicted.
        foreach (var registration in PostEvictionCallbacks)
            registration.EvictionCallback?.Invoke(Key, Value, EvictionReason.Removed, registration.State);
    }
}
