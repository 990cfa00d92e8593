namespace PgListener;

/// <summary>The counts and the queue of one subscription or reader. The counts continue across reconnects, stops and starts.</summary>
public sealed record SubscriptionStatistics
{
    /// <summary>The subscription's name.</summary>
    public required string Name { get; init; }

    /// <summary>The channel's name; <see langword="null"/> for a reader of all channels.</summary>
    public required string? Channel { get; init; }

    /// <summary>Notifications that arrived for the subscription.</summary>
    public long Received { get; init; }

    /// <summary>Notifications that were handled, successfully or not.</summary>
    public long Processed { get; init; }

    /// <summary>Notifications whose payload could not be read, or whose callback failed or was cancelled by its time limit or by the stop.</summary>
    public long Failed { get; init; }

    /// <summary>When the latest of these failed, by the clock of this machine; <see langword="null"/> if none did.</summary>
    public DateTimeOffset? LastFailedAt { get; init; }

    /// <summary>Notifications that were dropped because the queue was full.</summary>
    public long Dropped { get; init; }

    /// <summary>When the latest of these was dropped, by the clock of this machine; <see langword="null"/> if none was.</summary>
    public DateTimeOffset? LastDroppedAt { get; init; }

    /// <summary>How often notifications may have been missed: after reconnects, and when its queue was full. The start is not one of them.</summary>
    public long Gaps { get; init; }

    /// <summary>
    /// The latest of these gaps since the listener was started, as it is or will be announced; <see langword="null"/> if there was none.
    /// While notifications are being dropped it grows: <see cref="Resync.Until"/> is then the current time.
    /// </summary>
    public Resync? LastGap { get; init; }

    /// <summary>Notifications that are queued or in progress.</summary>
    public int Queued { get; init; }

    /// <summary>The same in bytes, as <see cref="ListenerOptions.QueueCapacityBytes"/> counts them.</summary>
    public long QueuedBytes { get; init; }

    /// <summary>How many notifications the queue may hold.</summary>
    public int QueueCapacity { get; init; }

    /// <summary>How many bytes the queue may hold.</summary>
    public long QueueCapacityBytes { get; init; }

    /// <summary>
    /// The failures of the subscription's <c>OnResync</c> or <c>ResyncAsync</c>, while it keeps failing and the notifications wait for it.
    /// <see langword="null"/> otherwise.
    /// </summary>
    public ResyncFailure? ResyncFailure { get; init; }

    /// <summary>
    /// Calls that hang now: they are still running although their tokens were cancelled some time ago. See <see cref="HandlerOptions.Timeout"/>, without which no
    /// call counts as hanging. A call that a stop has left running counts until the next start.
    /// </summary>
    public int Hanging { get; init; }

    /// <summary>When the longest-running of these calls began, by the clock of this machine; <see langword="null"/> if none hangs.</summary>
    public DateTimeOffset? HangingSince { get; init; }
}
