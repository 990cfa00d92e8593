namespace PgListener.Subscriptions;

/// <summary>
/// How much a queue holds, whether there is room for more, and whether reading has to pause because there is none. Used under
/// the lock of its queue.
/// </summary>
internal sealed class QueueRoom(SubscriptionQueue queue, QueueLimits limits, Backpressure backpressure)
{
    private QueueLimits _limits = limits;

    /// <summary>The most bytes that may be held in <see cref="FullQueueMode.Wait"/>.</summary>
    private long _mostBytes = Most(limits, heldBytes: 0);
    private long _maxBackpressure = limits.MaxBackpressure.Ticks;

    /// <summary>Notifications that are queued or in progress.</summary>
    public int Held { get; private set; }

    /// <summary>Their bytes.</summary>
    public long HeldBytes { get; private set; }

    public QueueLimits Limits => _limits;

    /// <summary>Whether reading has to pause for this queue.</summary>
    public bool IsSaturated { get; private set; }

    /// <summary>Read without the queue's lock.</summary>
    public TimeSpan MaxBackpressure => new(Interlocked.Read(ref _maxBackpressure));

    /// <summary>Whether at least half of the room is taken.</summary>
    public bool IsHalfFull => Held >= (_limits.Capacity + 1) / 2 || HeldBytes >= _limits.CapacityBytes / 2;

    private bool IsFull => Held >= _limits.Capacity || HeldBytes >= _limits.CapacityBytes;

    /// <summary>
    /// Whether a notification that has been read must be dropped. In <see cref="FullQueueMode.Wait"/> reading pauses before that;
    /// only what arrives before the answer to a LISTEN is read all the same, and there is room in bytes for it.
    /// </summary>
    /// <param name="size">Its bytes.</param>
    /// <param name="isPaused">Whether the queue is not being emptied at present, in which case reading does not wait for it.</param>
    public bool MustDrop(long size, bool isPaused) => _limits.Mode switch
    {
        FullQueueMode.Wait when !isPaused => Held > 0 && HeldBytes + size > _mostBytes,
        FullQueueMode.KeepLatest => false,
        _ => Held >= _limits.Capacity || (Held > 0 && HeldBytes + size > _limits.CapacityBytes),
    };

    public void Add(long size, bool isPaused)
    {
        Held++;
        HeldBytes += size;
        if (_limits.Mode == FullQueueMode.Wait && !isPaused && !IsSaturated && IsFull)
        {
            IsSaturated = true;
            backpressure.Enter(queue);
        }
    }

    /// <summary>A notification has taken the place of another.</summary>
    public void Replace(long size, long by) => HeldBytes += by - size;

    public void Remove(int notifications, long bytes)
    {
        Held -= notifications;
        HeldBytes -= bytes;
    }

    /// <summary>Taken items have been handled. Reading continues when the queue is half empty.</summary>
    public void Release(int notifications, long bytes)
    {
        Remove(notifications, bytes);
        if (IsSaturated && Held <= _limits.Capacity / 2 && HeldBytes <= _limits.CapacityBytes / 2)
            Unsaturate(forGood: false);
    }

    /// <summary>Changes the limits. Queued items stay, even if they are more than the limits allow.</summary>
    public void Change(QueueLimits limits)
    {
        _limits = limits;
        Interlocked.Exchange(ref _maxBackpressure, limits.MaxBackpressure.Ticks);
        if (IsSaturated && (limits.Mode != FullQueueMode.Wait || !IsFull))
            Unsaturate(forGood: limits.Mode != FullQueueMode.Wait);

        // A queue that is too full now pauses reading with its next notification. That one, and what is read before
        // reading pauses, has room above what is held already.
        _mostBytes = Most(limits, HeldBytes);
    }

    /// <summary>Reading no longer pauses for this queue, because it has overflowed, is paused, or has ended.</summary>
    public void GiveUpReading()
    {
        if (IsSaturated)
            Unsaturate(forGood: true);
    }

    private static long Most(QueueLimits limits, long heldBytes)
        => limits.Overrun + Math.Min(Math.Max(limits.CapacityBytes, heldBytes), long.MaxValue / 2);

    private void Unsaturate(bool forGood)
    {
        IsSaturated = false;
        _mostBytes = Most(_limits, heldBytes: 0);
        if (forGood)
            backpressure.Forget(queue);
        else
            backpressure.Leave(queue);
    }
}
