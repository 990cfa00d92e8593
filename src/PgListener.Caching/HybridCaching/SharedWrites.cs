using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;

namespace PgListener.HybridCaching;

/// <summary>Decides what is written to the shared level, and takes back what should not have been written.</summary>
/// <param name="cache">The application's distributed cache.</param>
/// <param name="local">Knows what was invalidated.</param>
/// <param name="hearing">Whether invalidations arrive.</param>
/// <param name="tellOthers">Tells the others to remove a key.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs what could not be taken back.</param>
internal sealed class SharedWrites(IDistributedCache cache, LocalLevel local, Hearing hearing, Action<string> tellOthers, TimeProvider time, ILogger logger)
{
    /// <summary>The beginning of the keys under which the inner cache records removed tags.</summary>
    private const string TagPrefix = "__MSFT_HCT__";

    private readonly RecentWrites _recent = new(time);
    private volatile bool _isClosed;

    /// <summary>Begins to read for the running call.</summary>
    /// <returns><see langword="false"/> if nothing may be read.</returns>
    public bool BeginRead(string key)
    {
        if (CacheCall.Current is { } call && call.Key.Equals(key, StringComparison.Ordinal))
            call.Run();
        return !_isClosed || key.StartsWith(TagPrefix, StringComparison.Ordinal);
    }

    /// <summary>Writes for the running call.</summary>
    public async Task WriteAsync(string key, Func<ValueTask> write)
    {
        var call = CacheCall.Current;
        switch (call?.Kind)
        {
            case CallKind.RemoveTag:
                await write().ConfigureAwait(false);
                break;
            case CallKind.Get:
                await WriteReadingAsync(call, key, write).ConfigureAwait(false);
                break;
            case CallKind.Set:
                await WriteSetAsync(call, key, write).ConfigureAwait(false);
                break;
            default:
                break; // Another instance has recorded the tag; or it is not known since when the value was being read.
        }
    }

    /// <summary>Nothing is read until <see cref="Open"/>.</summary>
    public void Close() => _isClosed = true;

    public void Open() => _isClosed = false;

    /// <summary>Removes what was read and written in a gap, because invalidations in it were not heard.</summary>
    /// <param name="since">The beginning of the gap; <see langword="null"/> if it is not known.</param>
    /// <returns>The keys that were removed. If it is not known which ones were written, <see langword="null"/>.</returns>
    public async Task<IReadOnlyList<string>?> TakeBackAsync(DateTimeOffset? since)
    {
        if (_recent.Since(since) is not { } keys)
            return null;

        foreach (var key in keys)
            await cache.RemoveAsync(key, CancellationToken.None).ConfigureAwait(false);
        _recent.Forget(keys);
        return keys;
    }

    /// <summary>The moment of the latest removal of everything, in ticks; 0 if there was none.</summary>
    public async Task<long> ReadRemovalOfAllAsync(CancellationToken cancellationToken)
        => await cache.GetAsync(TagPrefix + "*", cancellationToken).ConfigureAwait(false) is { Length: sizeof(long) } ticks ? BitConverter.ToInt64(ticks) : 0;

    private async Task WriteReadingAsync(CacheCall call, string key, Func<ValueTask> write)
    {
        if (!hearing.IsListening || local.IsStale(call))
            return;

        _recent.Add(key);
        try
        {
            await write().ConfigureAwait(false);
        }
        finally
        {
            // A write that has failed may have been made.
            _recent.Add(key);
            if (local.IsStale(call))
                await TakeBackAsync(key).ConfigureAwait(false);
        }
    }

    /// <summary>The value may be newer or older than what was invalidated meanwhile. So it is not left in the place of what another instance has written.</summary>
    private async Task WriteSetAsync(CacheCall call, string key, Func<ValueTask> write)
    {
        await write().ConfigureAwait(false);
        if (local.IsStale(call))
            await TakeBackAsync(key).ConfigureAwait(false);
    }

    private async Task TakeBackAsync(string key)
    {
        try
        {
            await cache.RemoveAsync(key, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The application's cache may throw anything; the value expires by itself.
            logger.SharedWriteLeft(e);
        }

        tellOthers(key);
    }
}
