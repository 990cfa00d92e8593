using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;

namespace PgListener.HybridCaching;

/// <summary>The same for a distributed cache that reads and writes buffers.</summary>
internal sealed class BufferedSharedLevel(IBufferDistributedCache cache, SharedWrites guard) : SharedLevel(cache, guard), IBufferDistributedCache
{
    public ValueTask<bool> TryGetAsync(string key, IBufferWriter<byte> destination, CancellationToken token = default)
        => Guard.BeginRead(key) ? cache.TryGetAsync(key, destination, token) : new(false);

    public ValueTask SetAsync(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options, CancellationToken token = default)
        => new(Guard.WriteAsync(key, value, () => cache.SetAsync(key, value, options, token)));

    public bool TryGet(string key, IBufferWriter<byte> destination) => throw OnlyAsync();

    public void Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options) => throw OnlyAsync();
}
