namespace PgListener.Subscriptions;

/// <summary>How much a queue may hold, and what happens when it is full.</summary>
internal readonly record struct QueueLimits(int Capacity, long CapacityBytes, FullQueueMode Mode, TimeSpan MaxBackpressure)
{
    /// <summary>The least room for notifications that have to be read although reading is to pause.</summary>
    internal const long LeastOverrun = 16 * 1024 * 1024;

    /// <summary>How many bytes beyond those that fill the queue may be held of what has to be read although reading is to pause.</summary>
    public long Overrun => Math.Clamp(CapacityBytes, LeastOverrun, long.MaxValue / 4);

    /// <summary>The settings of one subscription, completed by those of its listener.</summary>
    /// <param name="listener">The listener's.</param>
    /// <param name="own">The subscription's own.</param>
    /// <param name="isReader">Whether it is a reader, whose pace must not pause reading for the others unless its own settings say so.</param>
    public static QueueLimits From(ListenerOptions listener, HandlerOptions own, bool isReader)
        => new(
            own.QueueCapacity ?? listener.QueueCapacity,
            own.QueueCapacityBytes ?? listener.QueueCapacityBytes,
            own.FullQueueMode ?? (isReader ? FullQueueMode.Drop : listener.FullQueueMode),
            own.MaxBackpressure ?? listener.MaxBackpressure);
}
