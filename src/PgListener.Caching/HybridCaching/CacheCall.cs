namespace PgListener.HybridCaching;

/// <summary>
/// One call of the cache. It flows with the execution context into the inner cache, whose work reads and writes the levels for it, also in the background after
/// the caller has gone. So the levels know since when a value that they are to store was being read.
/// </summary>
/// <param name="kind">What it does.</param>
/// <param name="key">The key; empty if there is none.</param>
/// <param name="tags">The tags of the value.</param>
/// <param name="start">The latest invalidation when it began.</param>
internal sealed class CacheCall(CallKind kind, string key, string[] tags, long start)
{
    private static readonly AsyncLocal<CacheCall?> Ambient = new();

    private volatile bool _ran;
    private volatile bool _hit;

    /// <summary>For work that belongs to no key.</summary>
    public static CacheCall RemovesTag { get; } = new(CallKind.RemoveTag, "", [], 0);

    /// <inheritdoc cref="RemovesTag"/>
    public static CacheCall Applies { get; } = new(CallKind.Apply, "", [], 0);

    /// <summary>The call that the running code works for. An async method that sets it does not change that of its caller.</summary>
    public static CacheCall? Current
    {
        get => Ambient.Value;
        set => Ambient.Value = value;
    }

    public CallKind Kind => kind;

    public string Key => key;

    public string[] Tags => tags;

    public long Start => start;

    /// <summary>The opening of the shared level at which it may read its key there. Otherwise it reads the source.</summary>
    public long Opening { get; set; } = -1;

    /// <summary>Whether the local level was asked.</summary>
    public bool ReadsLocal { get; private set; }

    /// <summary>Whether its value is its own: found in the local level, or read after it began. Otherwise it has joined a reading that another call had begun before.</summary>
    public bool IsOwn => _ran || _hit;

    /// <summary>The shared level or the source is read for it.</summary>
    public void Run() => _ran = true;

    /// <summary>The local level has answered.</summary>
    public void Ask(bool found)
    {
        ReadsLocal = true;
        _hit = found;
    }
}
