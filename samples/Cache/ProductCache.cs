using Microsoft.Extensions.Caching.Memory;
using PgListener;

namespace Cache;

/// <summary>Keeps products in memory until PostgreSQL notifies that they have changed.</summary>
/// <remarks>It has its own memory cache, which can be cleared without affecting other entries of the application.</remarks>
internal sealed class ProductCache(IPgListener listener) : IDisposable
{
    private readonly MemoryCache _entries = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    /// <summary>Gets a product, and its source: <c>hit</c>, <c>miss</c>, or <c>bypass</c> while no invalidation can arrive.</summary>
    public async Task<(Product? Product, string Source)> GetAsync(long id, Func<long, Task<Product?>> load)
    {
        if (listener.State != ListenerState.Listening)
            return (await load(id), "bypass");

        // The entry is added before the row is read, so that a change in between finds an entry to remove;
        // an entry that is added after the read could keep the old value.
        var isNew = false;
        var entry = _entries.GetOrCreate(id, created =>
        {
            isNew = true;
            created.Size = 1;
            return new Lazy<Task<Product?>>(() => load(id));
        })!;

        try
        {
            return (await entry.Value, isNew ? "miss" : "hit");
        }
        catch
        {
            _entries.Remove(id); // A failed read is not cached.
            throw;
        }
    }

    public void Remove(long id) => _entries.Remove(id);

    public void Clear() => _entries.Clear();

    public void Dispose() => _entries.Dispose();
}
