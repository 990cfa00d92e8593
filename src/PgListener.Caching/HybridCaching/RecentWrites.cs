namespace PgListener.HybridCaching;

/// <summary>The keys that were written to the shared level lately. When it turns out later that the connection was lost at that time, they are removed.</summary>
internal sealed class RecentWrites(TimeProvider time)
{
    /// <summary>Longer than it takes to notice the loss of a connection.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    private const int Most = 10_000;

    private readonly Lock _sync = new();
    private readonly Dictionary<string, DateTimeOffset> _written = new(StringComparer.Ordinal);
    private DateTimeOffset _incompleteUntil = DateTimeOffset.MinValue;

    /// <summary>A key is being written.</summary>
    public void Add(string key)
    {
        var now = time.GetUtcNow();
        lock (_sync)
        {
            if (_written.Count >= Most && !_written.ContainsKey(key))
                Clean(now);
            _written[key] = now;
        }
    }

    /// <summary>The keys that were written since a moment.</summary>
    /// <param name="since">The moment; <see langword="null"/> for all.</param>
    /// <returns><see langword="null"/> if they were too many to keep.</returns>
    public IReadOnlyList<string>? Since(DateTimeOffset? since)
    {
        lock (_sync)
        {
            var from = since ?? time.GetUtcNow() - Kept;
            return from < _incompleteUntil ? null : [.. _written.Where(entry => entry.Value >= from).Select(entry => entry.Key)];
        }
    }

    public void Forget(IReadOnlyList<string> keys)
    {
        lock (_sync)
        {
            foreach (var key in keys)
                _written.Remove(key);
        }
    }

    private void Clean(DateTimeOffset now)
    {
        foreach (var (key, at) in _written)
        {
            if (now - at > Kept)
                _written.Remove(key);
        }

        if (_written.Count < Most)
            return;

        _written.Clear();
        _incompleteUntil = now;
    }
}
