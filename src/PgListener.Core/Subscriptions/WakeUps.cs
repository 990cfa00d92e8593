namespace PgListener.Subscriptions;

/// <summary>
/// Holds back the waking of consumers while there is more to read: to wake one costs more than to read many notifications.
/// Once nothing is left, the reading thread itself goes on as a consumer, so that a lone notification reaches its callback
/// without a change of threads. Belongs to one session; only that session's task calls it.
/// </summary>
internal sealed class WakeUps
{
    /// <summary>How many notifications are read before those who wait are woken after all.</summary>
    internal const int Patience = 256;

    private readonly List<SubscriptionQueue> _held = [];
    private bool _isHolding;
    private int _read;

    /// <summary>From now on consumers are held back.</summary>
    public void Hold() => _isHolding = true;

    /// <summary>From now on consumers are woken at once, and those held back are woken.</summary>
    public void StopHolding()
    {
        _isHolding = false;
        WakeAll();
    }

    /// <summary>The queue has something for its waiting consumer.</summary>
    public void Wake(SubscriptionQueue queue)
    {
        if (_isHolding)
            _held.Add(queue);
        else
            queue.WakeOnPool();
    }

    /// <summary>A message was at hand, and the next may be too.</summary>
    public void OneMore()
    {
        if (_held.Count > 0 && ++_read >= Patience)
            WakeAll();
    }

    /// <summary>Wakes all of them on other threads.</summary>
    public void WakeAll()
    {
        foreach (var queue in _held)
            queue.WakeOnPool();
        _held.Clear();
        _read = 0;
    }

    /// <summary>Wakes all but one of them on other threads.</summary>
    /// <returns>The one, if there was any, for the caller to wake on this thread.</returns>
    public SubscriptionQueue? WakeAllButOne()
    {
        if (_held.Count == 0)
            return null;

        var own = _held[^1];
        _held.RemoveAt(_held.Count - 1);
        WakeAll();
        return own;
    }
}
