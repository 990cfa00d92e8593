using Microsoft.Extensions.Caching.Distributed;

namespace PgListener.HybridCaching;

/// <summary>
/// The shared level, as the inner cache sees it. What was invalidated while it was being read is not written; if the invalidation comes during the write, it is
/// removed again, and the others are told, because they may have read it.
/// </summary>
/// <param name="cache">The application's distributed cache.</param>
/// <param name="guard">Decides about writes.</param>
internal class SharedLevel(IDistributedCache cache, SharedWrites guard) : IDistributedCache
{
    protected SharedWrites Guard => guard;

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
        => guard.BeginRead(key) ? await cache.GetAsync(key, token).ConfigureAwait(false) : null;

    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
        => guard.WriteAsync(key, new(value), () => new(cache.SetAsync(key, value, options, token)));

    public Task RemoveAsync(string key, CancellationToken token = default) => cache.RemoveAsync(key, token);

    public Task RefreshAsync(string key, CancellationToken token = default) => cache.RefreshAsync(key, token);

    public byte[]? Get(string key) => throw OnlyAsync();

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw OnlyAsync();

    public void Refresh(string key) => throw OnlyAsync();

    public void Remove(string key) => throw OnlyAsync();

    protected static NotSupportedException OnlyAsync() => new("A hybrid cache uses the asynchronous methods of its shared level.");
}
