using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Hybrid;

namespace PgListener.HybridCaching;

/// <summary>
/// One inner cache, with the tags of which it knows when they were removed. While it is still reading that from the shared level, it takes a value for valid that is older than the
/// removal. So it is told before it is asked for a value.
/// </summary>
/// <param name="cache">The cache.</param>
/// <param name="clock">Its clock.</param>
internal sealed class InnerCache(HybridCache cache, CacheClock clock)
{
    /// <summary>How long a read may take. After it the value comes from the source, and the next call reads the tag again.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    private readonly Lock _sync = new();
    private readonly ConcurrentDictionary<string, long> _removals = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<bool>>> _readings = new(StringComparer.Ordinal);

    public HybridCache Cache => cache;

    /// <summary>Removes a tag now. What the shared level knows of earlier removals no longer matters; what is read from the source from now on is newer.</summary>
    public ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken)
    {
        lock (_sync)
            _removals[tag] = clock.GetUtcNow().UtcTicks;
        return cache.RemoveByTagAsync(tag, cancellationToken);
    }

    /// <summary>A tag was removed at a moment, in ticks; 0 if never. A later removal stays.</summary>
    public void Learn(string tag, long ticks)
    {
        var caller = CacheCall.Current;
        CacheCall.Current = CacheCall.Applies;
        try
        {
            lock (_sync)
            {
                if (_removals.TryGetValue(tag, out var known) && known >= ticks)
                    return;

                _removals[tag] = ticks;
                _ = CacheClock.At(ticks, () => cache.RemoveByTagAsync(tag, CancellationToken.None)).AsTask(); // It writes nothing, so it has completed.
            }
        }
        finally
        {
            CacheCall.Current = caller;
        }
    }

    /// <summary>Reads when tags were removed, all at the same time, so that many tags take no longer than one.</summary>
    /// <param name="tags">The tags.</param>
    /// <param name="shared">The shared level.</param>
    /// <param name="isAgain">Whether removals are not heard of. Then they are read again each time, with that of everything; otherwise each of them once.</param>
    /// <returns>Whether all are known. Otherwise no value with them may be read from the shared level.</returns>
    public ValueTask<bool> LearnAsync(string[] tags, SharedWrites shared, bool isAgain)
    {
        List<Task<bool>>? readings = isAgain ? [BeginToRead(Tag.All, shared)] : null;
        foreach (var tag in tags)
        {
            // What is no tag is refused by the cache itself.
            if (!string.IsNullOrWhiteSpace(tag) && tag != Tag.All && (isAgain || !_removals.ContainsKey(tag)))
                (readings ??= []).Add(BeginToRead(tag, shared));
        }

        return readings is null ? new(true) : AreKnownAsync(readings);
    }

    private static async ValueTask<bool> AreKnownAsync(List<Task<bool>> readings)
    {
        var areKnown = true;
        foreach (var reading in readings)
            areKnown &= await reading.ConfigureAwait(false);
        return areKnown;
    }

    private Task<bool> BeginToRead(string tag, SharedWrites shared) => _readings.GetOrAdd(tag, tag => new(() => ReadAsync(tag, shared))).Value;

    private async Task<bool> ReadAsync(string tag, SharedWrites shared)
    {
        try
        {
            Learn(tag, await shared.ReadRemovalAsync(tag, CancellationToken.None).WaitAsync(Limit).ConfigureAwait(false));
            return true;
        }
        catch (Exception)
        {
            // The application's cache may throw anything. The value comes from the source, and the next call reads the tag again.
            return false;
        }
        finally
        {
            _readings.TryRemove(tag, out _);
        }
    }
}
