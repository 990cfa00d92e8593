namespace PgListener.Subscriptions;

/// <summary>
/// The bounded queue between the connection's task, the only one that adds notifications, and one consumer. Notifications and
/// gaps keep their order. What the consumer has taken counts as held until it gives it back.
/// </summary>
internal sealed class SubscriptionQueue
{
    private readonly Lock _sync = new();
    private readonly ItemRing _items = new();
    private readonly ConsumerSignal _signal = new();
    private readonly QueueGaps _gaps;
    private readonly QueueRoom _room;
    private readonly string _subject;
    private readonly SubscriptionCounters _counters;
    private readonly SubscriptionLog _log;
    private readonly SubscriptionContext _context;
    private LatestByChannel? _latest;
    private TaskCompletionSource? _disturbed;
    private volatile bool _completed;
    private volatile bool _paused;
    private volatile bool _discarded;

    /// <summary>Creates an empty queue.</summary>
    /// <param name="subject">What its gaps are about: a channel, or nothing for all of them.</param>
    /// <param name="limits">How much it may hold.</param>
    /// <param name="counters">Where to count.</param>
    /// <param name="log">Hears of overflows.</param>
    /// <param name="context">What it shares with others.</param>
    public SubscriptionQueue(string subject, QueueLimits limits, SubscriptionCounters counters, SubscriptionLog log, SubscriptionContext context)
    {
        _subject = subject;
        _counters = counters;
        _log = log;
        _context = context;
        _gaps = new(subject, counters, context);
        _room = new(this, limits, context.Backpressure);
        if (limits.Mode == FullQueueMode.KeepLatest)
            _latest = new(_items);
    }

    /// <summary>Read without the queue's lock.</summary>
    public TimeSpan MaxBackpressure => _room.MaxBackpressure;

    /// <summary>How much it holds, and how much it may hold.</summary>
    public (int Held, long HeldBytes, QueueLimits Limits) Fill
    {
        get
        {
            lock (_sync)
                return (_room.Held, _room.HeldBytes, _room.Limits);
        }
    }

    /// <summary>Whether it takes nothing more in, and all that it held has been dealt with.</summary>
    public bool IsOver
    {
        get
        {
            lock (_sync)
                return _completed && _room.Held == 0;
        }
    }

    /// <summary>Whether it takes nothing more in.</summary>
    public bool IsCompleted => _completed;

    /// <summary>Whether what was taken is not to be dealt with, but to be given to <see cref="PutBack"/>.</summary>
    public bool IsHalted => _paused || _discarded;

    /// <summary>Whether a gap is the next to be taken.</summary>
    public bool IsGapNext
    {
        get
        {
            lock (_sync)
                return _items.Count > 0 && _items[0].Gap is not null;
        }
    }

    /// <summary>Adds a notification, or counts it as dropped.</summary>
    public void Enqueue(string channel, string payload, int processId, WakeUps wakeUps)
    {
        var startedToDrop = false;
        var waitsForListen = false;
        var soonFull = false;
        bool wake;
        lock (_sync)
        {
            if (_completed)
                return;

            _counters.Receive();
            var size = QueueItem.SizeOf(payload);
            if (_latest is not null && TryReplace(channel, payload, processId, size))
                return;

            if (_gaps.IsDropping || _room.MustDrop(size, _paused))
            {
                startedToDrop = Drop();
            }
            else
            {
                var sequence = _items.PushBack(channel, payload, processId);
                _latest?.Add(channel, sequence);
                _gaps.EndWithNotification();
                _room.Add(size, _paused);
                (waitsForListen, soonFull) = (_paused, _paused && _room.IsHalfFull);
            }

            wake = TryTakeWaiter();
        }

        if (wake)
            wakeUps.Wake(_signal);
        if (waitsForListen)
            _context.Dispatching.NoteWaiting(soonFull);
        if (startedToDrop)
            _log.Overflowed();
    }

    /// <summary>Adds a gap; one that follows another with nothing between grows that one.</summary>
    /// <param name="reason">Why notifications are missing.</param>
    /// <param name="since">The timestamp of the last moment that is proven; <see langword="null"/> if nothing is known.</param>
    public void EnqueueGap(ResyncReason reason, long? since)
    {
        lock (_sync)
        {
            if (_completed)
                return;

            Push(_gaps.Add(reason, since));
            Disturb();
            WakeWaiter();
        }
    }

    /// <summary>The reading no longer pauses for it: from now on the newest are dropped, until the consumer has caught up.</summary>
    public void Overflow()
    {
        lock (_sync)
        {
            if (!_room.IsSaturated)
                return;

            _room.GiveUpReading();
            Push(_gaps.BeginToDrop());
        }

        _log.Overflowed();
    }

    /// <summary>Holds to other limits from now on. What is queued stays, even if it is more than they allow.</summary>
    public void Change(QueueLimits limits)
    {
        lock (_sync)
        {
            _room.Change(limits);
            if (limits.Mode != FullQueueMode.KeepLatest)
                _latest = null;
            else
                _latest ??= new(_items);
        }

        _context.Backpressure.Interrupt(); // Whatever waits for it counts with the former limit.
    }

    /// <summary>Keeps the consumer waiting, or lets it go on. A queue that nobody empties does not pause the reading either: full, it drops.</summary>
    public void SetPaused(bool value)
    {
        lock (_sync)
        {
            _paused = value;
            if (value)
            {
                _room.GiveUpReading();
                Disturb();
            }

            if (_items.Count > 0)
                WakeWaiter();
        }
    }

    /// <summary>Waits until there is something to take; <see langword="false"/> once the queue is completed and empty. One waiter at a time.</summary>
    public ValueTask<bool> WaitToReadAsync()
    {
        lock (_sync)
        {
            if (!_signal.IsCancelled)
            {
                if (_items.Count > 0 && !_paused)
                    return new(true);
                if (_completed)
                    return new(false);
            }

            return _signal.WaitAsync();
        }
    }

    /// <summary>Ends the present and every further wait with the token's cancellation.</summary>
    public void CancelWait(CancellationToken cancelled)
    {
        lock (_sync)
        {
            _signal.Cancel(cancelled);
            WakeWaiter();
        }
    }

    /// <summary>
    /// Takes the oldest items; they count as held until <see cref="Release"/>. A gap is taken alone, once all before it has been, and
    /// no longer grows.
    /// </summary>
    public int Take(Span<QueueItem> items)
    {
        lock (_sync)
        {
            var taken = 0;
            while (taken < items.Length && _items.Count > 0)
            {
                var gap = _items[0].Gap;
                if (gap is not null && taken > 0)
                    break;

                ref var item = ref items[taken++];
                item = _items.PopFront();
                if (gap is not null)
                {
                    _gaps.Reach(gap);
                    break;
                }

                _latest?.Remove(item);
            }

            return taken;
        }
    }

    /// <summary>Gives back what was taken and not dealt with: to its place in the queue, or to nowhere if the queue was discarded meanwhile.</summary>
    public void PutBack(ReadOnlySpan<QueueItem> items)
    {
        lock (_sync)
        {
            for (var i = items.Length - 1; i >= 0; i--)
                PutBackOne(items[i]);
            if (_items.Count > 0)
                WakeWaiter();
        }
    }

    /// <summary>Gives back the room of what was taken, once it is dealt with.</summary>
    public void Release(int notifications, long bytes)
    {
        _counters.Process(notifications);
        lock (_sync)
            _room.Release(notifications, bytes);
    }

    /// <summary>
    /// For a consumer that cannot deal with a gap for now, and so does not come to what follows it. Completes when it should look
    /// again: the queue has ended or is paused, or a newer gap has come.
    /// </summary>
    public Task WhenDisturbedAsync(Gap gap)
    {
        lock (_sync)
        {
            if (_completed || _paused || AbsorbInto(gap))
                return Task.CompletedTask;

            _disturbed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _disturbed.Task;
        }
    }

    /// <summary>Lets a gap that was taken speak for those too that follow it with no notification between.</summary>
    public void Absorb(Gap gap)
    {
        lock (_sync)
            AbsorbInto(gap);
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
            _room.GiveUpReading();
            Disturb();
            WakeWaiter();
            return discarded;
        }
    }

    private bool TryReplace(string channel, string payload, int processId, long size)
    {
        if (!_latest!.TryFind(channel, out var sequence) || _items.IndexOf(sequence) is not (>= 0 and var index))
            return false;

        ref var item = ref _items[index];
        _room.Replace(item.Size, by: size);
        item = new QueueItem(channel, payload, processId) { Sequence = sequence };
        _counters.Replace();
        return true;
    }

    /// <summary>Whether this is the first that is dropped.</summary>
    private bool Drop()
    {
        var isFirst = !_gaps.IsDropping;
        if (isFirst)
        {
            _room.GiveUpReading();
            Push(_gaps.BeginToDrop());
        }

        _gaps.Drop();
        return isFirst;
    }

    private void Push(Gap? gap)
    {
        if (gap is null)
            return;

        _items.PushBack(_subject, gap, processId: 0);
        _latest?.Clear();
    }

    private void PutBackOne(in QueueItem item)
    {
        if (_discarded)
        {
            if (item.Gap is null)
                Discard(item);
        }
        else if (item.Gap is not null || _latest is null || HasGapAfter(item))
        {
            _items.PutBack(item);
        }
        else if (_latest.TryFind(item.Channel, out _))
        {
            _room.Remove(1, item.Size); // A newer one came meanwhile.
            _counters.Replace();
        }
        else
        {
            _items.PutBack(item);
            _latest.Add(item.Channel, item.Sequence);
        }
    }

    private bool HasGapAfter(in QueueItem item)
    {
        for (var i = 0; i < _items.Count; i++)
        {
            if (_items[i].Gap is not null && _items[i].Sequence - item.Sequence > 0)
                return true;
        }

        return false;
    }

    private bool AbsorbInto(Gap gap)
    {
        var hasNewer = false;
        while (_items.Count > 0 && _items[0].Gap is { } later && _gaps.TryAbsorb(gap, later))
        {
            _items.PopFront();
            hasNewer = true;
        }

        return hasNewer;
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
            Discard(item);
        }

        _gaps.Clear();
        _latest?.Clear();
        return notifications;
    }

    private void Discard(in QueueItem item)
    {
        _counters.Discard();
        _room.Remove(1, item.Size);
    }

    private void Disturb()
    {
        _disturbed?.TrySetResult();
        _disturbed = null;
    }

    private void WakeWaiter()
    {
        if (TryTakeWaiter())
            _signal.WakeOnPool();
    }

    /// <summary>Paused, the consumer is woken only to end.</summary>
    private bool TryTakeWaiter()
        => (!_paused || _completed || _signal.IsCancelled) && _signal.TryTake(result: _items.Count > 0 || !_completed);
}
