using System.Threading.Tasks.Sources;
using PgListener.Telemetry;

namespace PgListener.Subscriptions;

/// <summary>
/// The bounded queue between the connection's task, the only one that adds notifications, and one consumer. Notifications and
/// gaps keep their order. What the consumer has taken counts as held until it gives it back.
/// </summary>
/// <param name="subject">What its gaps are about: a channel, or nothing for all of them.</param>
/// <param name="name">The subscription's name in logs.</param>
/// <param name="limits">How much it may hold.</param>
/// <param name="counters">Where to count.</param>
/// <param name="context">What it shares with others.</param>
internal sealed class SubscriptionQueue(string subject, string name, QueueLimits limits, SubscriptionCounters counters, SubscriptionContext context) : IValueTaskSource<bool>, IThreadPoolWorkItem
{
    private readonly Lock _sync = new();
    private readonly ItemRing _items = new();

    /// <summary>Notifications and bytes queued or in work.</summary>
    private int _held;
    private long _heldBytes;

    /// <summary>The gap that is the last item, and so may still grow.</summary>
    private Gap? _openGap;
    private bool _dropping;
    private QueueLimits _limits = limits;

    /// <summary>What may be held at the very most in <see cref="FullQueueMode.Wait"/>: see <see cref="MustDrop"/>.</summary>
    private long _most = limits.Most;
    private long _mostBytes = limits.MostBytes;
    private long _maxBackpressure = limits.MaxBackpressure.Ticks;
    private bool _saturated;
    private bool _completed;
    private volatile bool _paused;
    private volatile bool _discarded;

    /// <summary>Tells the waiting consumer to look again. Whoever takes <see cref="_waiting"/> away has to give the signal.</summary>
    private ManualResetValueTaskSourceCore<bool> _signal;
    private bool _waiting;
    private CancellationToken _cancelled;

    /// <summary>Read without the queue's lock.</summary>
    public TimeSpan MaxBackpressure => new(Interlocked.Read(ref _maxBackpressure));

    /// <summary>How much it holds, and how much it may hold.</summary>
    public (int Held, long HeldBytes, QueueLimits Limits) Fill
    {
        get
        {
            lock (_sync)
                return (_held, _heldBytes, _limits);
        }
    }

    /// <summary>Whether it takes nothing more in, and all that it held has been dealt with.</summary>
    public bool IsOver
    {
        get
        {
            lock (_sync)
                return _completed && _held == 0;
        }
    }

    /// <summary>Whether what was taken is not to be dealt with, but to be given to <see cref="PutBack"/>.</summary>
    public bool IsHalted => _paused || _discarded;

    /// <summary>Adds a notification, or counts it as dropped.</summary>
    public void Enqueue(string channel, string payload, int processId, WakeUps wakeUps)
    {
        var startedToDrop = false;
        bool wake;
        lock (_sync)
        {
            if (_completed)
                return;

            counters.Receive();
            var size = QueueItem.SizeOf(payload);
            if (_limits.Mode == FullQueueMode.KeepLatest && TryReplace(channel, payload, processId, size))
                return;

            if (_dropping || MustDrop(size))
            {
                startedToDrop = !_dropping;
                Drop();
            }
            else
            {
                _items.PushBack(new QueueItem(channel, payload, processId));
                _openGap = null;
                _held++;
                _heldBytes += size;
                if (_limits.Mode == FullQueueMode.Wait && !_paused && IsFull)
                    Saturate();
            }

            wake = TakeWaiter();
        }

        if (wake)
            wakeUps.Wake(this);
        if (startedToDrop)
            context.Logger.Overflowed(name);
    }

    /// <summary>Adds a gap; one that follows another with nothing between grows that one.</summary>
    public void EnqueueGap(ResyncReason reason, DateTimeOffset? since)
    {
        lock (_sync)
        {
            if (_completed)
                return;

            AddGap(reason, since, context.Time.GetUtcNow());
            WakeWaiter();
        }
    }

    /// <summary>Stops holding up the reading: from now on the newest are dropped, until the consumer has caught up.</summary>
    public void Overflow()
    {
        lock (_sync)
        {
            if (!_saturated)
                return;

            Unsaturate(forGood: true);
            BeginGap();
        }

        context.Logger.Overflowed(name);
    }

    /// <summary>Holds to other limits from now on. What is queued stays, even if it is more than they allow.</summary>
    public void Change(QueueLimits limits)
    {
        lock (_sync)
        {
            _limits = limits;
            Interlocked.Exchange(ref _maxBackpressure, limits.MaxBackpressure.Ticks);
            if (_saturated && (limits.Mode != FullQueueMode.Wait || !IsFull))
                Unsaturate(forGood: limits.Mode != FullQueueMode.Wait);

            // A queue that is too full now holds up the reading with its next notification; that, and what is read before the
            // reading pauses, has its room above what is here already.
            _most = limits.Capacity + Math.Max(limits.Capacity, (long)_held);
            _mostBytes = Math.Max(limits.MostBytes, _heldBytes + Math.Clamp(limits.CapacityBytes, QueueItem.MaxSize, long.MaxValue / 2));
        }

        context.Backpressure.Interrupt(); // Whoever waits for it counts with the former limit.
    }

    /// <summary>Keeps the consumer waiting, or lets it go on. A queue that nobody empties does not hold up the reading either: full, it drops.</summary>
    public void SetPaused(bool value)
    {
        lock (_sync)
        {
            _paused = value;
            if (value && _saturated)
                Unsaturate(forGood: true);
            if (_items.Count > 0)
                WakeWaiter();
        }
    }

    /// <summary>Waits until there is something to take; <see langword="false"/> once the queue is completed and empty. One waiter at a time.</summary>
    public ValueTask<bool> WaitToReadAsync()
    {
        lock (_sync)
        {
            if (_cancelled.IsCancellationRequested)
                return ValueTask.FromCanceled<bool>(_cancelled);
            if (_items.Count > 0 && !_paused)
                return new(true);
            if (_completed)
                return new(false);

            _signal.Reset();
            _waiting = true;
            return new(this, _signal.Version);
        }
    }

    /// <summary>Ends the present and every further wait with the token's cancellation.</summary>
    public void CancelWait(CancellationToken cancelled)
    {
        lock (_sync)
        {
            _cancelled = cancelled;
            WakeWaiter();
        }
    }

    /// <summary>Takes the oldest items; they count as held until <see cref="Release"/>. A gap that is taken is closed.</summary>
    public int Take(Span<QueueItem> items)
    {
        lock (_sync)
        {
            var taken = Math.Min(items.Length, _items.Count);
            for (var i = 0; i < taken; i++)
            {
                items[i] = _items.PopFront();
                if (items[i].Gap is { } gap)
                    Close(gap);
            }

            return taken;
        }
    }

    /// <summary>Gives back what was taken and not dealt with: to the front of the queue, or to nowhere if the queue was discarded meanwhile.</summary>
    public void PutBack(ReadOnlySpan<QueueItem> items)
    {
        lock (_sync)
        {
            foreach (ref readonly var item in items)
            {
                if (_discarded && item.Gap is null)
                    Uncount(item);
            }

            for (var i = items.Length - 1; i >= 0 && !_discarded; i--)
                _items.PushFront(items[i]);
            if (_items.Count > 0)
                WakeWaiter();
        }
    }

    /// <summary>Gives back the room of what was taken, once it is dealt with.</summary>
    public void Release(int notifications, long bytes)
    {
        counters.Process(notifications);
        lock (_sync)
        {
            _held -= notifications;
            _heldBytes -= bytes;
            if (_saturated && _held <= _limits.Capacity / 2 && _heldBytes <= _limits.CapacityBytes / 2)
                Unsaturate(forGood: false);
        }
    }

    /// <summary>Takes nothing more in; what is queued can still be taken, unless it is discarded.</summary>
    /// <returns>How many notifications were discarded.</returns>
    public int Complete(bool discard)
    {
        lock (_sync)
        {
            _completed = true;
            _discarded |= discard;
            var discarded = discard ? Clear() : 0;
            if (_saturated)
                Unsaturate(forGood: true);
            WakeWaiter();
            return discarded;
        }
    }

    /// <summary>Lets the consumer go on, on another thread.</summary>
    public void WakeOnPool() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);

    /// <summary>Lets the consumer go on, on this thread.</summary>
    public void Wake() => _signal.SetResult(true);

    void IThreadPoolWorkItem.Execute() => Wake();

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        _signal.GetResult(token);
        lock (_sync)
        {
            _cancelled.ThrowIfCancellationRequested();
            return _items.Count > 0 || !_completed;
        }
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _signal.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _signal.OnCompleted(continuation, state, token, flags);

    private bool IsFull => _held >= _limits.Capacity || _heldBytes >= _limits.CapacityBytes;

    /// <summary>
    /// Whether there is no room for a notification that has been read. In <see cref="FullQueueMode.Wait"/> reading has paused by
    /// then; only what comes before the answer to a LISTEN is read even so, and for that there is as much room again.
    /// </summary>
    private bool MustDrop(long size) => _limits.Mode switch
    {
        FullQueueMode.Wait when !_paused => _held >= _most || (_held > 0 && _heldBytes + size > _mostBytes),
        FullQueueMode.KeepLatest => false,
        _ => _held >= _limits.Capacity || (_held > 0 && _heldBytes + size > _limits.CapacityBytes),
    };

    private void Drop()
    {
        if (_saturated)
            Unsaturate(forGood: true);
        if (!_dropping)
            BeginGap();
        _openGap!.Dropped++;
        counters.Drop();
    }

    private void BeginGap()
    {
        _dropping = true;
        AddGap(ResyncReason.Overflow, context.LastGood.Value, context.Time.GetUtcNow());
    }

    private void AddGap(ResyncReason reason, DateTimeOffset? since, DateTimeOffset until)
    {
        if (_openGap is { } open)
        {
            open.Extend(reason, since, until);
            return;
        }

        _openGap = new Gap(subject, reason, since, until);
        _items.PushBack(new QueueItem(subject, _openGap, 0));
        counters.Announce(reason);
    }

    /// <summary>The consumer has come to the gap: it no longer grows, and there is room again for what follows it.</summary>
    private void Close(Gap gap)
    {
        if (gap != _openGap)
            return;

        _openGap = null;
        if (_dropping)
            gap.Close(context.Time.GetUtcNow());
        _dropping = false;
    }

    private bool TryReplace(string channel, string payload, int processId, long size)
    {
        for (var i = _items.Count - 1; i >= 0; i--)
        {
            ref var item = ref _items[i];
            if (item.Gap is not null)
                return false; // What came before a gap does not come after it.
            if (item.Channel != channel)
                continue;

            _heldBytes += size - item.Size;
            item = new QueueItem(channel, payload, processId);
            counters.Replace();
            return true;
        }

        return false;
    }

    private int Clear()
    {
        var notifications = 0;
        while (_items.Count > 0)
        {
            var item = _items.PopFront();
            if (item.Gap is not null)
                continue;

            notifications++;
            Uncount(item);
        }

        _openGap = null;
        _dropping = false;
        return notifications;
    }

    private void Uncount(in QueueItem item)
    {
        counters.Discard();
        _held--;
        _heldBytes -= item.Size;
    }

    private void WakeWaiter()
    {
        if (TakeWaiter())
            WakeOnPool();
    }

    private bool TakeWaiter()
    {
        // Paused, the consumer is woken only to end.
        if (_paused && !_completed && !_cancelled.IsCancellationRequested)
            return false;

        var waiting = _waiting;
        _waiting = false;
        return waiting;
    }

    private void Saturate()
    {
        if (_saturated)
            return;

        _saturated = true;
        context.Backpressure.Enter(this);
    }

    private void Unsaturate(bool forGood)
    {
        _saturated = false;
        _most = _limits.Most;
        _mostBytes = _limits.MostBytes;
        if (forGood)
            context.Backpressure.Forget(this);
        else
            context.Backpressure.Leave(this);
    }
}
