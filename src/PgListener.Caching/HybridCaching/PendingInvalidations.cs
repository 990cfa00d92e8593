namespace PgListener.HybridCaching;

/// <summary>What the other instances have yet to be told. Used under the lock of its sender.</summary>
internal sealed class PendingInvalidations
{
    /// <summary>Above it, everything is removed instead, so that an outage does not fill the memory.</summary>
    private const int Most = 10_000;

    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly HashSet<string> _tags = new(StringComparer.Ordinal);
    private bool _all;
    private long _at;

    public bool IsEmpty => Count == 0;

    public int Count => _keys.Count + _tags.Count + (_all ? 1 : 0);

    public void AddKey(string key)
    {
        if (_keys.Count >= Most)
            AddAll();
        else if (!_all)
            _keys.Add(key);
    }

    /// <summary>Adds a tag.</summary>
    /// <param name="tag">The tag.</param>
    /// <param name="at">The moment of its removal, in ticks.</param>
    public void AddTag(string tag, long at)
    {
        var isTooMany = _tags.Count >= Most;
        if (isTooMany)
            _tags.Clear();
        _tags.Add(isTooMany ? Tag.All : tag);
        _at = Math.Max(_at, at);
    }

    public void AddAll()
    {
        _keys.Clear();
        _all = true;
    }

    /// <summary>Adds again what could not be sent.</summary>
    public void Add(InvalidationMessage message)
    {
        foreach (var key in message.Keys)
            AddKey(key);
        foreach (var tag in message.Tags)
            AddTag(tag, message.At ?? 0);
        if (message.All)
            AddAll();
    }

    /// <summary>Takes all.</summary>
    public InvalidationMessage Take(string from)
    {
        var message = new InvalidationMessage(from, [.. _keys], [.. _tags], _all, _at);
        _keys.Clear();
        _tags.Clear();
        (_all, _at) = (false, 0);
        return message;
    }
}
