namespace PgListener;

/// <summary>The announcement of a gap: notifications sent within it may have been missed.</summary>
/// <remarks>
/// It stands in the queue where the missing notifications would have stood: after <c>LISTEN</c> was committed and before
/// the next notification. A handler reads the state that notifications change again at this point. The first notifications
/// after it may repeat what has just been read. Gaps with nothing between them are announced as one, with the reason of
/// the latest and the window of all.
/// </remarks>
public sealed record Resync
{
    /// <summary>Creates an announcement, for a test of a handler.</summary>
    /// <param name="channel">The channel's name; empty for all channels of the listener.</param>
    /// <param name="reason">Why notifications may be missing.</param>
    /// <param name="since">The last moment up to which everything is proven to have arrived; <see langword="null"/> at a start.</param>
    /// <param name="until">The moment from which notifications arrive again.</param>
    /// <param name="dropped">How many notifications are known to have been dropped.</param>
    public Resync(string channel, ResyncReason reason, DateTimeOffset? since, DateTimeOffset until, long dropped = 0)
    {
        Channel = channel;
        Reason = reason;
        Since = since;
        Until = until;
        Dropped = dropped;
    }

    /// <summary>The channel's name; empty for all channels of the listener.</summary>
    public string Channel { get; }

    /// <summary>Why notifications may be missing.</summary>
    public ResyncReason Reason { get; }

    /// <summary>
    /// The last moment up to which everything is proven to have arrived, by this machine's clock: a <c>LISTEN</c>, an answer after
    /// a silence, or a proof as in <see cref="ListenerOptions.ProveDeliveryInterval"/>. <see langword="null"/> at a start, before which nothing is known.
    /// </summary>
    public DateTimeOffset? Since { get; }

    /// <summary>The moment from which notifications arrive again, by this machine's clock.</summary>
    public DateTimeOffset Until { get; }

    /// <summary>On a stream of a durable channel: where it goes on after the gap, as <see cref="DurableMessage.Position"/>.</summary>
    /// <value><see langword="null"/> for others.</value>
    public string? Position { get; init; }

    /// <summary>How many notifications this subscription is known to have dropped. Notifications that were missed without a connection cannot be counted.</summary>
    public long Dropped { get; }
}
