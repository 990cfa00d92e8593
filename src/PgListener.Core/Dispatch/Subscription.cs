namespace PgListener.Dispatch;

/// <summary>Somebody who wants the notifications of one channel, or of all channels the listener listens to.</summary>
/// <param name="channel">The channel; <see langword="null"/> for all.</param>
/// <param name="announcesGaps">Whether the subscriber hears of gaps.</param>
/// <param name="queue">Where its notifications wait.</param>
internal sealed class Subscription(string? channel, bool announcesGaps, SubscriptionQueue queue)
{
    public string? Channel => channel;

    public SubscriptionQueue Queue => queue;

    /// <summary>Whether it goes when its channel's callbacks are cleared; one that has a handle of its own does not.</summary>
    public bool IsCleared { get; init; }

    /// <summary>What takes from the queue and calls the callback; <see langword="null"/> when the subscriber takes for himself.</summary>
    public CallbackPump? Pump { get; set; }

    /// <summary>Whether it has heard anything in this run, in an earlier session.</summary>
    public bool WasLive { get; set; }

    /// <summary>Whether it has heard anything in any run.</summary>
    public bool WasEverLive { get; private set; }

    /// <summary>From now on it hears: tells it what it may have missed. Called before its first notification of each session.</summary>
    public void GoLive(DateTimeOffset? lastGood)
    {
        if (announcesGaps)
            Queue.EnqueueGap(WasLive ? ResyncReason.Reconnected : ResyncReason.Started, WasEverLive ? lastGood : null);
        WasLive = true;
        WasEverLive = true;
    }
}
