namespace PgListener.Durable.Membership;

/// <summary>Listens to the channels' own names, on which an empty notification says that there may be something new in the log. A gap may have hidden one, so it wakes too. While none can arrive, the looks find it.</summary>
internal static class ChannelWakeUps
{
    /// <summary>Subscribes, once for each channel. The listener may not be started yet.</summary>
    public static void Subscribe(Listener listener, IEnumerable<DurableSubscription> subscriptions, IWakeUps wakeUps)
    {
        foreach (var subscription in subscriptions.DistinctBy(static subscription => subscription.Channel, StringComparer.Ordinal))
        {
            var channel = subscription.Channel;
            var options = new SubscriptionOptions
            {
                Name = $"Wake-ups of '{subscription.LogicalChannel}'",
                FullQueueMode = FullQueueMode.KeepLatest,
                OnResync = (_, _) => WakeAsync(channel),
            };
            listener.Subscribe(subscription.LogicalChannel, (_, _) => WakeAsync(channel), options, out _);
        }

        Task WakeAsync(string channel)
        {
            wakeUps.Wake(channel);
            return Task.CompletedTask;
        }
    }
}
