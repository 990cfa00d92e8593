namespace PgListener.Durable.Failures;

/// <summary>The keys whose messages step aside, until none of them is left. Thread-safe.</summary>
internal sealed class ParkedKeys
{
    private readonly Lock _sync = new();
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);

    /// <summary>The keys now.</summary>
    public IReadOnlyCollection<string> All
    {
        get
        {
            lock (_sync)
                return [.. _keys];
        }
    }

    /// <summary>From now on, all messages of a key step aside.</summary>
    /// <param name="key">The key; nothing happens without one.</param>
    /// <param name="park">Lets the message that is the first step aside, as part of the same step.</param>
    public void Add(string? key, Action park)
    {
        lock (_sync)
        {
            if (key is not null)
                _keys.Add(key);
            park();
        }
    }

    /// <summary>Adds keys that the database has.</summary>
    public void AddRange(IEnumerable<string> keys)
    {
        lock (_sync)
            _keys.UnionWith(keys);
    }

    /// <summary>Lets a message step aside if others of its key do.</summary>
    /// <returns>Whether it does.</returns>
    public bool TryFollow(string? key, Action park)
    {
        if (key is null)
            return false;

        lock (_sync)
        {
            if (!_keys.Contains(key))
                return false;

            park();
            return true;
        }
    }

    /// <summary>Removes keys of which the database has no message left.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="isAwaited">Whether a message of the key is still to be written. Asked while no message can step aside, and none may be written.</param>
    public void Free(IEnumerable<string> keys, Func<string, bool> isAwaited)
    {
        lock (_sync)
        {
            foreach (var key in keys)
            {
                if (!isAwaited(key))
                    _keys.Remove(key);
            }
        }
    }
}
