namespace PgListener.Subscriptions;

/// <summary>
/// How much a queue holds, whether there is room for more, and whether the reading has to pause because there is none. Used under
/// the lock of its queue.
/// </summary>
internal sealed class QueueRoom(SubscriptionQueue queue, QueueLimits limits, Backpressure backpressure)
{
    private QueueLimits _limits = limits;

    /// <summary>What may be held at the very most in <see cref="FullQueueMode.Wait"/>.</summary>
    private long _mostBytes = Most(limits, heldBytes: 0);
    private long _maxBackpressure = limits.MaxBackpressure.Ticks;

    /// <summary>Notifications queued or in work.</summary>
    public int Held { get; private set; }

    /// <summary>Their bytes.</summary>
    public long HeldBytes { get; private set; }

    public QueueLimits Limits => _limits;

    /// <summary>Whether the reading has to pause for this queue.</summary>
    public bool IsSaturated { get; private set; }

    /// <summary>Read without the queue's lock.</summary>
    public TimeSpan MaxBackpressure => new(Interlocked.Read(ref _maxBackpressure));

    /// <summary>Whether half of the room, or more, is taken.</summary>
    public bool IsHalfFull => Held >= (_limits.Capacity + 1) / 2 || HeldBytes >= _limits.CapacityBytes / 2;

    private bool IsFull => Held >= _limits.Capacity || HeldBytes >= _limits.CapacityBytes;

    /// <summary>
    /// Whether a notification that has been read must be dropped. In <see cref="FullQueueMode.Wait"/> the reading pauses before that;
    /// only what comes before the answer to a LISTEN is read even so, and for that there is room in bytes.
    /// </summary>
    /// <param name="size">Its bytes.</param>
    /// <param name="isPaused">Whether nobody empties the queue for now. Then nothing waits for it either.</param>
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

    /// <summary>What was taken has been dealt with. The reading goes on once the queue is half empty.</summary>
    public void Release(int notifications, long bytes)
    {
        Remove(notifications, bytes);
        if (IsSaturated && Held <= _limits.Capacity / 2 && HeldBytes <= _limits.CapacityBytes / 2)
            Unsaturate(forGood: false);
    }

    /// <summary>Holds to other limits from now on. What is queued stays, even if it is more than they allow.</summary>
    public void Change(QueueLimits limits)
    {
        _limits = limits;
        Interlocked.Exchange(ref _maxBackpressure, limits.MaxBackpressure.Ticks);
        if (IsSaturated && (limits.Mode != FullQueueMode.Wait || !IsFull))
            Unsaturate(forGood: limits.Mode != FullQueueMode.Wait);

        // A queue that is too full now makes the reading pause with its next notification; that, and what is read before the
        // reading pauses, has its room above what is here already.
        _mostBytes = Most(limits, HeldBytes);
    }

    /// <summary>The reading does not pause for this queue any longer: it has overflowed, is paused, or has ended.</summary>
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
