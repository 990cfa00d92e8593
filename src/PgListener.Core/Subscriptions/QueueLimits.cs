namespace PgListener.Subscriptions;

/// <summary>How much a queue may hold, and what happens when it is full.</summary>
internal readonly record struct QueueLimits(int Capacity, long CapacityBytes, FullQueueMode Mode, TimeSpan MaxBackpressure)
{
    /// <summary>The least room for what has to be held although reading should pause.</summary>
    internal const long LeastOverrun = 16 * 1024 * 1024;

    /// <summary>How many bytes may be held, beyond those that fill the queue, of what has to be read while the reading should pause.</summary>
    public long Overrun => Math.Clamp(CapacityBytes, LeastOverrun, long.MaxValue / 4);

    /// <summary>The settings of one subscription over those of its listener.</summary>
    /// <param name="listener">The listener's.</param>
    /// <param name="own">The subscription's own.</param>
    /// <param name="isReader">Whether somebody reads at a pace of their own: that is not to pause the reading for everyone else, unless it is asked for.</param>
    public static QueueLimits From(ListenerOptions listener, HandlerOptions own, bool isReader)
        => new(
            own.QueueCapacity ?? listener.QueueCapacity,
            own.QueueCapacityBytes ?? listener.QueueCapacityBytes,
            own.FullQueueMode ?? (isReader ? FullQueueMode.Drop : listener.FullQueueMode),
            own.MaxBackpressure ?? listener.MaxBackpressure);
}
