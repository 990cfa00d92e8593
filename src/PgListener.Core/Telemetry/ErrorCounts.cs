namespace PgListener.Telemetry;

/// <summary>Counts errors by their type. The number of types is limited, because each becomes a series of its own in a metric.</summary>
internal sealed class ErrorCounts
{
    internal const int MaxTypes = 50;

    private readonly Lock _sync = new();
    private Dictionary<string, long>? _counts;

    public void Add(string errorType, long count = 1)
    {
        lock (_sync)
        {
            _counts ??= new(StringComparer.Ordinal);
            var key = _counts.Count < MaxTypes || _counts.ContainsKey(errorType) ? errorType : PgListenerTags.Other;
            _counts[key] = _counts.GetValueOrDefault(key) + count;
        }
    }

    public KeyValuePair<string, long>[] ToArray()
    {
        lock (_sync)
            return _counts is null ? [] : [.. _counts];
    }
}
