namespace PgListener.Durable.Registration;

/// <summary>Hears the wake-ups of a channel until it is disposed of.</summary>
internal sealed class ChannelHearing(ListenerSubscription subscription, Action onEnd) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        onEnd();
        await subscription.DisposeAsync().ConfigureAwait(false);
    }
}
