namespace PgListener.Subscriptions;

/// <summary>
/// Holds back the waking of consumers while there is more to read: to wake one costs more than to read many notifications.
/// Once nothing is left, the reading thread itself goes on as a consumer, so that a lone notification reaches its callback
/// without a change of threads.
/// </summary>
/// <remarks>
/// Belongs to one session. Its task calls everything but <see cref="Wake"/>, which delivery calls: on the same thread while a
/// message is at hand, and on Npgsql's own while a wait is pending, at the same time as the task does what follows the beginning of a
/// wait. So what is held is behind a lock, taken only when a consumer was waiting, and leaves it whole before anyone is woken.
/// </remarks>
internal sealed class WakeUps
{
    /// <summary>How many notifications are read before those who wait are woken after all.</summary>
    internal const int Patience = 256;

    private readonly Lock _sync = new();
    private List<ConsumerSignal> _held = [];
    private List<ConsumerSignal>? _spare = [];
    private bool _isHolding;
    private volatile bool _hasHeld;

    /// <summary>Only the session's task uses it.</summary>
    private int _read;

    /// <summary>From now on consumers are held back.</summary>
    public void Hold()
    {
        if (Volatile.Read(ref _isHolding))
            return;

        lock (_sync)
            _isHolding = true;
    }

    /// <summary>From now on consumers are woken at once, and those held back are woken.</summary>
    public void StopHolding()
    {
        lock (_sync)
            _isHolding = false;
        WakeAll();
    }

    /// <summary>A queue has something for its waiting consumer.</summary>
    public void Wake(ConsumerSignal consumer)
    {
        lock (_sync)
        {
            if (_isHolding)
            {
                _held.Add(consumer);
                _hasHeld = true;
                return;
            }
        }

        consumer.WakeOnPool();
    }

    /// <summary>A message was at hand, and the next may be too.</summary>
    public void OneMore()
    {
        if (_hasHeld && ++_read >= Patience)
            WakeAll();
    }

    /// <summary>Wakes all of them on other threads.</summary>
    public void WakeAll() => WakeAll(butOne: false);

    /// <summary>Wakes all but one of them on other threads.</summary>
    /// <returns>The one, if there was any, for the caller to wake on this thread.</returns>
    public ConsumerSignal? WakeAllButOne() => WakeAll(butOne: true);

    private ConsumerSignal? WakeAll(bool butOne)
    {
        _read = 0;
        if (!_hasHeld)
            return null;

        List<ConsumerSignal> taken;
        lock (_sync)
        {
            taken = _held;
            _held = _spare ?? [];
            _spare = null;
            _hasHeld = false;
        }

        var own = butOne && taken.Count > 0 ? taken[^1] : null;
        for (var i = 0; i < taken.Count - (own is null ? 0 : 1); i++)
            taken[i].WakeOnPool();
        taken.Clear();
        lock (_sync)
            _spare = taken;
        return own;
    }
}
