namespace PgListener.Durable.Membership;

/// <summary>Listens to the channels' own names: who publishes, sends an empty notification after the commit. A gap may have hidden one, so it wakes too.</summary>
internal sealed class ChannelWakeUps(IPgListener listener, IWakeUps wakeUps) : IAsyncDisposable
{
    private readonly List<ListenerSubscription> _subscriptions = [];

    /// <summary>Subscribes. The listener may not be started yet.</summary>
    public async Task SubscribeAsync(IEnumerable<DurableSubscription> subscriptions, CancellationToken cancellationToken)
    {
        foreach (var subscription in subscriptions.DistinctBy(static subscription => subscription.Channel, StringComparer.Ordinal))
        {
            var channel = subscription.Channel;
            var options = new SubscriptionOptions { Name = "PgListener.Durable", OnResync = (_, _) => Wake(channel) };
            _subscriptions.Add(await listener.SubscribeAsync(subscription.LogicalChannel, (_, _) => Wake(channel), options, cancellationToken).ConfigureAwait(false));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var subscription in _subscriptions)
            await subscription.DisposeAsync().ConfigureAwait(false);
    }

    private Task Wake(string channel)
    {
        wakeUps.Wake(channel);
        return Task.CompletedTask;
    }
}
