namespace PgListener.Subscriptions;

/// <summary>How much a queue may hold, and what happens when it is full.</summary>
internal readonly record struct QueueLimits(int Capacity, long CapacityBytes, FullQueueMode Mode, TimeSpan MaxBackpressure)
{
    /// <summary>As much room again in notifications.</summary>
    public long Most => Capacity * 2L;

    /// <summary>The same in bytes, as far as that can be counted.</summary>
    public long MostBytes => CapacityBytes > long.MaxValue / 2 ? long.MaxValue : CapacityBytes * 2;

    public static QueueLimits From(ListenerOptions listener, HandlerOptions own)
        => new(
            own.QueueCapacity ?? listener.QueueCapacity,
            own.QueueCapacityBytes ?? listener.QueueCapacityBytes,
            own.FullQueueMode ?? listener.FullQueueMode,
            own.MaxBackpressure ?? listener.MaxBackpressure);
}
