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

    /// <summary>Notifications that found its queue full and were dropped.</summary>
    public long Dropped { get; init; }

    /// <summary>How often it was told that it may have missed some: at starts, after reconnects, for overflows.</summary>
    public long Gaps { get; init; }

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
