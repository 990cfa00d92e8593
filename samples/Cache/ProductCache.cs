using Microsoft.Extensions.Caching.Memory;
using PgListener;

namespace Cache;

/// <summary>Products in memory, for as long as PostgreSQL has not said that they have changed.</summary>
/// <remarks>A memory cache of its own, so that it can be cleared without clearing what others have cached.</remarks>
internal sealed class ProductCache(IPgListener listener) : IDisposable
{
    private readonly MemoryCache _entries = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    /// <summary>Gets a product, and from where: <c>hit</c>, <c>miss</c>, or <c>bypass</c> while no invalidation could be heard.</summary>
    public async Task<(Product? Product, string Source)> GetAsync(long id, Func<long, Task<Product?>> load)
    {
        if (listener.State != ListenerState.Listening)
            return (await load(id), "bypass");

        // The entry is there before the reading begins. A change that comes in between then finds something to remove;
        // to store what was read only afterwards would keep the old value for ever.
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
            _entries.Remove(id); // A failure is not kept.
            throw;
        }
    }

    public void Remove(long id) => _entries.Remove(id);

    public void Clear() => _entries.Clear();

    public void Dispose() => _entries.Dispose();
}
