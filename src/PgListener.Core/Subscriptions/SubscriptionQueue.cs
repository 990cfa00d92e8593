namespace PgListener.Subscriptions;

/// <summary>
/// The bounded queue between the connection's task, the only one that adds notifications, and one consumer. Notifications and
/// gaps keep their order. Items that the consumer has taken count as held until it releases them.
/// </summary>
/// <remarks>All calls from any thread use one lock. This type decides what waits and what is woken; its parts do the rest.</remarks>
internal sealed class SubscriptionQueue
{
    private readonly Lock _sync = new();
    private readonly ConsumerSignal _signal = new();
    private readonly QueueContents _contents;
    private readonly QueueRoom _room;
    private readonly SubscriptionCounters _counters;
    private readonly SubscriptionLog _log;
    private readonly SubscriptionContext _context;
    private volatile bool _completed;
    private volatile bool _paused;
    private volatile bool _discarded;

    /// <summary>Creates an empty queue.</summary>
    /// <param name="subject">The channel that its gaps concern; empty for all channels.</param>
    /// <param name="limits">How much it may hold.</param>
    /// <param name="counters">The counters.</param>
    /// <param name="log">Logs overflows.</param>
    /// <param name="context">Shared by all subscriptions of the listener.</param>
    public SubscriptionQueue(string subject, QueueLimits limits, SubscriptionCounters counters, SubscriptionLog log, SubscriptionContext context)
    {
        _counters = counters;
        _log = log;
        _context = context;
        _room = new(this, limits, context.Backpressure);
        _contents = new(subject, _room, counters, context);
        _contents.Change(limits.Mode);
    }

    /// <summary>Finds the notifications that become a gap; <see langword="null"/> if none does.</summary>
    public Func<string, bool>? MeansEverything { get; init; }

    /// <summary>Whether gaps are announced to its consumer.</summary>
    public bool HearsGaps { get; init; }

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

    /// <summary>The latest gap; the start is none.</summary>
    public Resync? LastGap
    {
        get
        {
            lock (_sync)
                return _contents.LastGap;
        }
    }

    /// <summary>Whether it accepts nothing more, and everything that it held was handled.</summary>
    public bool IsOver
    {
        get
        {
            lock (_sync)
                return _completed && _room.Held == 0;
        }
    }

    /// <summary>Whether it accepts nothing more.</summary>
    public bool IsCompleted => _completed;

    /// <summary>Whether taken items must be passed to <see cref="PutBack"/> instead of being handled.</summary>
    public bool IsHalted => _paused || _discarded;

    /// <summary>Whether a gap is the next to be taken.</summary>
    public bool IsGapNext
    {
        get
        {
            lock (_sync)
                return _contents.IsGapNext;
        }
    }

    /// <summary>Adds a notification, or counts it as dropped.</summary>
    public void Enqueue(string channel, string payload, int processId, WakeUps wakeUps)
    {
        if (MeansEverything is { } meansEverything && meansEverything(payload))
        {
            EnqueueEverything();
            return;
        }

        bool startsToDrop;
        bool waitsForListen;
        bool soonFull;
        bool wake;
        lock (_sync)
        {
            if (_completed)
                return;

            var dropped = _contents.IsDropping;
            waitsForListen = _contents.Add(channel, payload, processId, _paused) && _paused;
            soonFull = waitsForListen && _room.IsHalfFull;
            startsToDrop = _contents.IsDropping && !dropped;
            wake = TryTakeWaiter();
        }

        if (wake)
            wakeUps.Wake(_signal);
        if (waitsForListen)
            _context.Dispatching.NoteWaiting(soonFull);
        if (startsToDrop)
            _log.Overflowed();
    }

    /// <summary>Adds a gap, or merges it into the one before it if no notification is in between.</summary>
    /// <param name="reason">Why notifications are missing.</param>
    /// <param name="since">The timestamp of the last moment that is proven; <see langword="null"/> if nothing is known.</param>
    public void EnqueueGap(ResyncReason reason, long? since)
    {
        lock (_sync)
        {
            if (_completed)
                return;

            _contents.AddGap(reason, since);
            _signal.Disturb();
            WakeWaiter();
        }
    }

    /// <summary>Reading no longer pauses for it. From now on the newest notifications are dropped, until the consumer has caught up.</summary>
    public void Overflow()
    {
        lock (_sync)
        {
            if (!_room.IsSaturated)
                return;

            _contents.BeginToDrop();
        }

        _log.Overflowed();
    }

    /// <summary>Changes the limits. Queued items stay, even if they are more than the limits allow.</summary>
    public void Change(QueueLimits limits)
    {
        lock (_sync)
        {
            _room.Change(limits);
            _contents.Change(limits.Mode);
        }

        _context.Backpressure.Interrupt(); // Waits in progress count with the former limit.
    }

    /// <summary>Pauses or resumes the consumer. A queue that is not emptied does not pause reading: when it is full, it drops.</summary>
    public void SetPaused(bool value)
    {
        lock (_sync)
        {
            _paused = value;
            if (value)
            {
                _room.GiveUpReading();
                _signal.Disturb();
            }

            if (!_contents.IsEmpty)
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
                if (!_contents.IsEmpty && !_paused)
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
    /// Takes the oldest items; they count as held until <see cref="Release"/>. A gap is taken alone, after all items before it, and
    /// no longer grows.
    /// </summary>
    public int Take(Span<QueueItem> items)
    {
        lock (_sync)
            return _contents.Take(items);
    }

    /// <summary>Puts back what was taken and not handled, in its place; or discards it if the queue was discarded in the meantime.</summary>
    public void PutBack(ReadOnlySpan<QueueItem> items)
    {
        lock (_sync)
        {
            for (var i = items.Length - 1; i >= 0; i--)
            {
                if (_discarded)
                    _contents.Discard(items[i]);
                else
                    _contents.PutBack(items[i]);
            }

            if (!_contents.IsEmpty)
                WakeWaiter();
        }
    }

    /// <summary>Releases the room of taken items that were handled.</summary>
    public void Release(int notifications, long bytes)
    {
        _counters.Process(notifications);
        lock (_sync)
            _room.Release(notifications, bytes);
    }

    /// <summary>
    /// For a consumer that cannot handle a gap for now, and does not reach what follows it. Completes when it should check
    /// again, because the queue has ended or is paused, or a newer gap was added.
    /// </summary>
    public Task WhenDisturbedAsync(Gap gap)
    {
        lock (_sync)
            return _completed || _paused || _contents.Absorb(gap) ? Task.CompletedTask : _signal.WhenDisturbedAsync();
    }

    /// <summary>Merges the gaps that follow with no notification in between into a gap that was taken.</summary>
    public void Absorb(Gap gap)
    {
        lock (_sync)
            _contents.Absorb(gap);
    }

    /// <summary>Accepts nothing more; queued items can still be taken, unless they are discarded.</summary>
    /// <returns>How many notifications were discarded.</returns>
    public int Complete(bool discard)
    {
        lock (_sync)
        {
            _completed = true;
            _discarded |= discard;
            var discarded = discard ? _contents.Clear() : 0;
            _room.GiveUpReading();
            _signal.Disturb();
            WakeWaiter();
            return discarded;
        }
    }

    /// <summary>Adds a gap in the place of a notification. It counts as received and processed, and nothing is missing in the gap.</summary>
    private void EnqueueEverything()
    {
        lock (_sync)
        {
            if (_completed)
                return;

            _counters.Receive();
            _counters.Process(1);
            if (HearsGaps)
            {
                _contents.AddGap(ResyncReason.Everything, _context.Time.GetTimestamp());
                _signal.Disturb();
                WakeWaiter();
                return;
            }
        }

        _log.EverythingUnheard();
    }

    private void WakeWaiter()
    {
        if (TryTakeWaiter())
            _signal.WakeOnPool();
    }

    /// <summary>While paused, the consumer is woken only to end.</summary>
    private bool TryTakeWaiter()
        => (!_paused || _completed || _signal.IsCancelled) && _signal.TryTake(result: !_contents.IsEmpty || !_completed);
}
