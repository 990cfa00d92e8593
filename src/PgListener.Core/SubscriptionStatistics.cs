namespace PgListener;

/// <summary>What one subscription or reader has had to do so far. Counts go on through reconnects, stops and starts.</summary>
public sealed record SubscriptionStatistics
{
    /// <summary>Its name in logs.</summary>
    public required string Name { get; init; }

    /// <summary>Its channel; <see langword="null"/> for one that reads all channels.</summary>
    public required string? Channel { get; init; }

    /// <summary>Notifications that arrived for it.</summary>
    public long Received { get; init; }

    /// <summary>Notifications that were dealt with, successfully or not.</summary>
    public long Processed { get; init; }

    /// <summary>Notifications that could not be read, or whose callback failed or was cancelled, by its time limit or the stop.</summary>
    public long Failed { get; init; }

    /// <summary>When the latest of these failed, by this machine's clock; <see langword="null"/> if none has.</summary>
    public DateTimeOffset? LastFailedAt { get; init; }

    /// <summary>Notifications that found its queue full and were dropped.</summary>
    public long Dropped { get; init; }

    /// <summary>When the latest of these was dropped, by this machine's clock; <see langword="null"/> if none was.</summary>
    public DateTimeOffset? LastDroppedAt { get; init; }

    /// <summary>How often notifications may have been missed: after reconnects, and when its queue was full. The start is not one of them.</summary>
    public long Gaps { get; init; }

    /// <summary>
    /// The latest of these gaps since the listener was started, as it is or will be announced; <see langword="null"/> if there was none.
    /// While notifications are being dropped it grows: <see cref="Resync.Until"/> is then the present moment.
    /// </summary>
    public Resync? LastGap { get; init; }

    /// <summary>Notifications that wait in its queue or are in work.</summary>
    public int Queued { get; init; }

    /// <summary>The memory these take, in bytes, as <see cref="ListenerOptions.QueueCapacityBytes"/> counts it.</summary>
    public long QueuedBytes { get; init; }

    /// <summary>How many notifications its queue may hold.</summary>
    public int QueueCapacity { get; init; }

    /// <summary>How many bytes its queue may hold.</summary>
    public long QueueCapacityBytes { get; init; }

    /// <summary>
    /// What is known of the failures, while the callback that is told of gaps keeps failing: it is called again, and the notifications
    /// wait for it. <see langword="null"/> otherwise.
    /// </summary>
    public ResyncFailure? ResyncFailure { get; init; }
}
