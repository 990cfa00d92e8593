using Microsoft.Extensions.Logging;
using ZiggyCreatures.Caching.Fusion.Backplane;

namespace PgListener.Backplane;

/// <summary>Hands the messages of a channel to its cache, in their order, and announces connections and gaps.</summary>
internal sealed class BackplaneSubscription(BackplaneSubscriptionOptions options, string channel, MemoryLevel level, ILogger logger)
{
    private ListenerSubscription? _subscription;
    private bool _hasConnected;

    public string Channel => channel;

    public async Task BeginAsync(IPgListener listener)
    {
        var settings = new SubscriptionOptions { Name = $"FusionCache {options.CacheName}", FullQueueMode = FullQueueMode.Drop, OnResync = ResyncAsync };
        _subscription = await listener.SubscribeAsync(channel, HandleAsync, settings, CancellationToken.None).ConfigureAwait(false);
    }

    public ValueTask EndAsync() => _subscription?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task HandleAsync(NotificationContext context, CancellationToken cancellationToken)
    {
        BackplaneText.Read(context.Payload, out var message, out var source);
        if (source is null)
            logger.BackplaneMessageMalformed(options.CacheName, channel);

        if (message is not null)
            await GiveAsync(message).ConfigureAwait(false);
        else if (source != options.CacheInstanceId)
            await level.ExpireAsync(GiveAsync, cancellationToken).ConfigureAwait(false);
    }

    private async Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
    {
        await level.ExpireAsync(GiveAsync, cancellationToken).ConfigureAwait(false);
        if (_hasConnected)
            logger.MemoryLevelExpired(options.CacheName, resync.Since, resync.Reason);

        var info = new BackplaneConnectionInfo(_hasConnected);
        _hasConnected = true;
        if (options.ConnectHandlerAsync is { } handleAsync)
            await handleAsync(info).ConfigureAwait(false);
        else
            options.ConnectHandler?.Invoke(info);
    }

    private async ValueTask GiveAsync(BackplaneMessage message)
    {
        if (options.IncomingMessageHandlerAsync is { } handleAsync)
            await handleAsync(message).ConfigureAwait(false);
        else
            options.IncomingMessageHandler?.Invoke(message);
    }
}
