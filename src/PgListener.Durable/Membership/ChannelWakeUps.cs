namespace PgListener.Durable.Membership;

/// <summary>Listens to the channels' own names, on which an empty notification says that there may be something new in the log. A gap may have hidden one, so it wakes too. While none can arrive, the looks find it.</summary>
internal static class ChannelWakeUps
{
    /// <summary>Subscribes to the channels of handlers, once for each. The listener may not be started yet.</summary>
    public static void Subscribe(Listener listener, IEnumerable<DurableSubscription> subscriptions, IWakeUps wakeUps)
    {
        foreach (var subscription in subscriptions.DistinctBy(static subscription => subscription.Channel, StringComparer.Ordinal))
            Subscribe(listener, subscription.Channel, subscription.LogicalChannel, wakeUps);
    }

    /// <summary>Subscribes to a channel.</summary>
    /// <param name="listener">The listener.</param>
    /// <param name="channel">The channel's name in the log.</param>
    /// <param name="logicalChannel">The channel's name in the application.</param>
    /// <param name="wakeUps">What to wake.</param>
    /// <param name="whose">Whom the wake-ups are for, in names.</param>
    public static ListenerSubscription Subscribe(Listener listener, string channel, string logicalChannel, IWakeUps wakeUps, string whose = "")
    {
        var options = new SubscriptionOptions
        {
            Name = $"Wake-ups of '{logicalChannel}'{whose}",
            FullQueueMode = FullQueueMode.KeepLatest,
            OnResync = (_, _) => WakeAsync(),
        };
        return listener.Subscribe(logicalChannel, (_, _) => WakeAsync(), options, out _);

        Task WakeAsync()
        {
            wakeUps.Wake(channel);
            return Task.CompletedTask;
        }
    }
}
