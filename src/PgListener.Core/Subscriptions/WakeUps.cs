namespace PgListener.Subscriptions;

/// <summary>
/// Delays the waking of consumers while there is more to read, because waking one costs more than reading many notifications.
/// After many notifications the reading thread itself runs the consumers that are quick, and when nothing is left to read, it runs one of any kind, so
/// that a lone notification reaches its callback without a change of threads.
/// </summary>
/// <remarks>
/// Belongs to one session. Its task calls all members except <see cref="Wake"/>, which delivery calls: on the same thread while a
/// message is available, and on Npgsql's own thread while a wait is pending, at the same time as the task continues after it has begun
/// the wait. So the delayed consumers are guarded by a lock, which is taken only when a consumer was waiting, and they are removed before any is woken.
/// </remarks>
internal sealed class WakeUps
{
    /// <summary>How many notifications are read before the waiting consumers are served.</summary>
    internal const int Patience = 256;

    private readonly Lock _sync = new();
    private List<ConsumerSignal> _held = [];
    private List<ConsumerSignal>? _spare = [];
    private bool _isHolding;
    private volatile bool _hasHeld;

    /// <summary>Only the session's task uses it.</summary>
    private int _read;

    /// <summary>From now on waking is delayed.</summary>
    public void Hold()
    {
        if (Volatile.Read(ref _isHolding))
            return;

        lock (_sync)
            _isHolding = true;
    }

    /// <summary>From now on consumers are woken at once, including the delayed ones.</summary>
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

    /// <summary>A message was available, and the next one may be too.</summary>
    /// <returns>Whether the delayed consumers have waited long enough: the caller serves them now.</returns>
    public bool OneMore() => _hasHeld && ++_read >= Patience;

    /// <summary>Takes a delayed consumer that is quick, for the caller to wake on this thread. Those before it that are not are woken on other threads.</summary>
    /// <inheritdoc cref="ConsumerSignal.MayRunHere" path="/param"/>
    public ConsumerSignal? TakeQuick(ref bool mayTry)
    {
        while (TakeLast() is { } consumer)
        {
            if (consumer.MayRunHere(ref mayTry))
                return consumer;
            consumer.WakeOnPool();
        }

        return null;
    }

    /// <summary>Wakes all delayed consumers on other threads.</summary>
    public void WakeAll() => WakeAll(butOne: false);

    /// <summary>Wakes all delayed consumers but one on other threads.</summary>
    /// <returns>The remaining one, if any, for the caller to wake on this thread.</returns>
    public ConsumerSignal? WakeAllButOne() => WakeAll(butOne: true);

    private ConsumerSignal? TakeLast()
    {
        lock (_sync)
        {
            if (_held.Count == 0)
                return null;

            var consumer = _held[^1];
            _held.RemoveAt(_held.Count - 1);
            _hasHeld = _held.Count > 0;
            return consumer;
        }
    }

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
