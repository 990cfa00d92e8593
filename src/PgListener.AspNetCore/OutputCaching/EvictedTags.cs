namespace PgListener.OutputCaching;

/// <summary>When tags were evicted, in the order of a counter, so that a response that was begun before is not stored afterwards.</summary>
internal sealed class EvictedTags
{
    /// <summary>With more tags than this, all of them count as evicted at the same time.</summary>
    internal const int MaxTags = 10_000;

    private readonly Lock _sync = new();
    private readonly Dictionary<string, long> _last = new(StringComparer.Ordinal);
    private long _now;
    private long _all;

    /// <summary>The time now.</summary>
    public long Now => Interlocked.Read(ref _now);

    /// <summary>Marks tags as evicted. Call it before they are.</summary>
    public void Mark(IEnumerable<string> tags)
    {
        lock (_sync)
        {
            var now = Interlocked.Increment(ref _now);
            foreach (var tag in tags)
                _last[tag] = now;
            if (_last.Count <= MaxTags)
                return;

            _last.Clear();
            _all = now;
        }
    }

    /// <summary>Whether any of these tags was evicted after a time.</summary>
    public bool AnySince(long time, IEnumerable<string> tags)
    {
        lock (_sync)
            return tags.Any(tag => (_last.TryGetValue(tag, out var at) ? at : _all) > time);
    }
}
