namespace PgListener.HybridCaching;

/// <summary>
/// When keys, tags and everything were last invalidated, in the order of the invalidations on this instance. So a value is stale if what it belongs to was
/// invalidated after its reading began, no matter how long the reading takes.
/// </summary>
/// <remarks>
/// Keys and tags share a fixed number of places, so that nothing has to be removed later. Two that share one are invalidated together, which costs a value that is being
/// read at that moment, and is never wrong. Written under the lock of the local level, and read from any thread.
/// </remarks>
internal sealed class Invalidations
{
    private const int Places = 8192;

    private readonly long[] _keys = new long[Places];
    private readonly long[] _tags = new long[Places];
    private long _all;
    private long _now;

    /// <summary>The number of the latest invalidation.</summary>
    public long Now => Volatile.Read(ref _now);

    /// <summary>The place of a key, for others that keep something for each place.</summary>
    public static int PlaceOf(string key) => key.GetHashCode(StringComparison.Ordinal) & (Places - 1);

    /// <summary>An empty table with one entry for each place.</summary>
    public static T?[] TableOf<T>()
        where T : class
        => new T?[Places];

    public void AddKey(string key) => Volatile.Write(ref _keys[PlaceOf(key)], Next());

    public void AddTag(string tag) => Volatile.Write(ref _tags[PlaceOf(tag)], Next());

    public void AddAll() => Volatile.Write(ref _all, Next());

    /// <summary>Whether what a call reads or stores was invalidated after the call began.</summary>
    public bool IsStale(CacheCall call)
    {
        if (Volatile.Read(ref _all) > call.Start || Volatile.Read(ref _keys[PlaceOf(call.Key)]) > call.Start)
            return true;

        foreach (var tag in call.Tags)
        {
            if (Volatile.Read(ref _tags[PlaceOf(tag)]) > call.Start)
                return true;
        }

        return false;
    }

    private long Next() => Interlocked.Increment(ref _now);
}
