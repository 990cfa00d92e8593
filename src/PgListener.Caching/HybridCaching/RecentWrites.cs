using System.Buffers;

namespace PgListener.HybridCaching;

/// <summary>
/// The keys that were written to the shared level lately, with what was written. When it turns out later that the connection was lost at that time, or that an invalidation had crossed the
/// write, they are removed.
/// </summary>
internal sealed class RecentWrites(TimeProvider time)
{
    internal const int Most = 10_000;

    /// <summary>Longer than it takes to notice the loss of a connection.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    private readonly Lock _sync = new();
    private readonly Dictionary<string, Entry> _written = new(StringComparer.Ordinal);
    private DateTimeOffset _incompleteUntil = DateTimeOffset.MinValue;

    /// <summary>What tells a written value from others. The inner cache begins each with its moment.</summary>
    public static int PrintOf(ReadOnlySequence<byte> value)
    {
        Span<byte> begin = stackalloc byte[(int)Math.Min(value.Length, 64)];
        value.Slice(0, begin.Length).CopyTo(begin);
        var hash = default(HashCode);
        hash.AddBytes(begin);
        hash.Add(value.Length);
        return hash.ToHashCode();
    }

    /// <summary>A key is being written.</summary>
    public void Begin(string key, int print)
    {
        var now = time.GetUtcNow();
        lock (_sync)
        {
            var isKnown = _written.TryGetValue(key, out var entry);
            if (!isKnown && _written.Count >= Most)
                Clean(now);

            // Of two writes at the same time, either may be the last.
            int? last = isKnown && entry.Writing > 0 && entry.Print != print ? null : print;
            _written[key] = new(now, last, entry.Writing + 1);
        }
    }

    /// <summary>It was written, or that has failed.</summary>
    public void End(string key)
    {
        var now = time.GetUtcNow();
        lock (_sync)
        {
            // Without an entry it was forgotten meanwhile, or was too much to keep.
            if (_written.TryGetValue(key, out var entry))
                _written[key] = entry with { At = now, Writing = Math.Max(0, entry.Writing - 1) };
            else
                _written[key] = new(now, null, 0);
        }
    }

    /// <summary>Whether a key was written lately.</summary>
    /// <param name="key">The key.</param>
    /// <param name="print">What was written last; <see langword="null"/> if it is not known.</param>
    public bool TryGetPrint(string key, out int? print)
    {
        var now = time.GetUtcNow();
        lock (_sync)
        {
            var isKnown = _written.TryGetValue(key, out var entry) && IsKept(entry, now);
            print = entry.Print;
            return isKnown;
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
            return from <= _incompleteUntil ? null : [.. _written.Where(entry => entry.Value.At >= from).Select(static entry => entry.Key)];
        }
    }

    /// <summary>All keys that were written lately.</summary>
    public IReadOnlyList<string> All()
    {
        var now = time.GetUtcNow();
        lock (_sync)
            return [.. _written.Where(entry => IsKept(entry.Value, now)).Select(static entry => entry.Key)];
    }

    private static bool IsKept(in Entry entry, DateTimeOffset now) => entry.Writing > 0 || now - entry.At <= Kept;

    /// <summary>Forgets what is too old to matter, and if that is not enough, the older half.</summary>
    private void Clean(DateTimeOffset now)
    {
        foreach (var (key, entry) in _written)
        {
            if (!IsKept(entry, now))
                _written.Remove(key);
        }

        if (_written.Count < Most)
            return;

        foreach (var (key, entry) in _written.OrderBy(static entry => entry.Value.At).Take(Most / 2).ToArray())
        {
            _written.Remove(key);
            _incompleteUntil = entry.At > _incompleteUntil ? entry.At : _incompleteUntil;
        }
    }

    /// <param name="At">When.</param>
    /// <param name="Print">What; <see langword="null"/> if it is not known.</param>
    /// <param name="Writing">How many writes have not ended.</param>
    private readonly record struct Entry(DateTimeOffset At, int? Print, int Writing);
}
