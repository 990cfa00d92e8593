using PgListener.Durable.Walks;

namespace PgListener.Durable.Failures;

/// <summary>The keys whose messages step aside, until none of them is left. Thread-safe.</summary>
/// <param name="progress">Where a message steps aside, as part of the same step.</param>
internal sealed class ParkedKeys(Progress progress)
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

    /// <summary>Lets a message step aside, and from now on all others of its key.</summary>
    public void Park(Delivery delivery, Parking parking)
    {
        lock (_sync)
        {
            if (delivery.Message.Key is { } key)
                _keys.Add(key);
            progress.Park(delivery, parking);
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
    public bool TryFollow(Delivery delivery)
    {
        if (delivery.Message.Key is not { } key)
            return false;

        lock (_sync)
        {
            if (!_keys.Contains(key))
                return false;

            progress.Park(delivery, Parking.Behind);
            return true;
        }
    }

    /// <summary>Removes keys of which the database has no message left, and of which none is still to be written. Called while none may be written.</summary>
    public void Free(IEnumerable<string> keys)
    {
        lock (_sync)
        {
            foreach (var key in keys)
            {
                if (!progress.IsParked(key))
                    _keys.Remove(key);
            }
        }
    }
}
