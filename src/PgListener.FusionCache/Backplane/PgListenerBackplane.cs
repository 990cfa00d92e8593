using System.Transactions;
using Microsoft.Extensions.Logging;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Backplane;

namespace PgListener.Backplane;

/// <summary>The backplane of one FusionCache.</summary>
/// <param name="listener">Receives the messages.</param>
/// <param name="publisher">Sends them.</param>
/// <param name="level">What a gap expires.</param>
/// <param name="logger">Logs.</param>
internal sealed class PgListenerBackplane(IPgListener listener, INotificationPublisher publisher, MemoryLevel level, ILogger logger) : IFusionCacheBackplane
{
    private volatile BackplaneSubscription? _subscription;

    public void Subscribe(BackplaneSubscriptionOptions options) => SubscribeAsync(options).AsTask().GetAwaiter().GetResult();

    public async ValueTask SubscribeAsync(BackplaneSubscriptionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var channel = BackplaneText.ChannelOf(options.ChannelName ?? throw new ArgumentException("A backplane needs a ChannelName.", nameof(options)));
        var subscription = new BackplaneSubscription(options, channel, level, logger);
        _subscription = subscription;
        try
        {
            await subscription.BeginAsync(listener).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            // FusionCache goes on without a backplane after any other exception.
            throw new FusionCacheInvalidOptionsException($"The backplane of the FusionCache '{options.CacheName}' cannot use its channel: {e.Message} Set BackplaneChannelPrefix to a shorter text.", e);
        }
    }

    public void Unsubscribe() => UnsubscribeAsync().AsTask().GetAwaiter().GetResult();

    public async ValueTask UnsubscribeAsync()
    {
        if (_subscription is not { } subscription)
            return;

        _subscription = null;
        await subscription.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Sends outside the caller's transaction. FusionCache sends again later what has failed.</summary>
    public async ValueTask PublishAsync(BackplaneMessage message, FusionCacheEntryOptions options, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        var channel = (_subscription ?? throw new InvalidOperationException("The backplane has no subscription yet, so its channel is not known.")).Channel;
        using var none = new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled);
        await publisher.PublishAsync(channel, BackplaneText.Write(message), token).ConfigureAwait(false);
        none.Complete();
    }

    public void Publish(BackplaneMessage message, FusionCacheEntryOptions options, CancellationToken token = default)
        => PublishAsync(message, options, token).AsTask().GetAwaiter().GetResult();
}
