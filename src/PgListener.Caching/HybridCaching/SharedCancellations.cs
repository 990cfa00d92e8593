using Microsoft.Extensions.Caching.Hybrid;

namespace PgListener.HybridCaching;

/// <summary>The readings that are waited for. Callers with the same key and flags share one reading of the inner cache, and therefore one cancellation.</summary>
internal sealed class SharedCancellations
{
    private readonly Lock _sync = new();
    private readonly Dictionary<(string Key, HybridCacheEntryFlags? Flags), SharedCancellation> _waitedFor = [];

    public SharedCancellation Join(string key, HybridCacheEntryFlags? flags)
    {
        lock (_sync)
        {
            if (!_waitedFor.TryGetValue((key, flags), out var shared))
                _waitedFor.Add((key, flags), shared = new());
            shared.Callers++;
            return shared;
        }
    }

    /// <summary>A caller no longer waits.</summary>
    /// <param name="key">The key.</param>
    /// <param name="flags">The flags.</param>
    /// <param name="shared">What it has joined.</param>
    /// <param name="givenUp">Whether it was cancelled, and has no result.</param>
    public void Leave(string key, HybridCacheEntryFlags? flags, SharedCancellation shared, bool givenUp)
    {
        lock (_sync)
        {
            if (--shared.Callers > 0)
                return;
            if (_waitedFor.TryGetValue((key, flags), out var current) && current == shared)
                _waitedFor.Remove((key, flags));
        }

        if (givenUp)
            shared.Cancel();
    }
}
