using Microsoft.Extensions.Logging;
using ZiggyCreatures.Caching.Fusion.Backplane;

namespace PgListener.Backplane;

/// <summary>Hands the messages of a channel to its cache, several at a time, and announces connections and gaps.</summary>
internal sealed class BackplaneSubscription(BackplaneSubscriptionOptions options, string channel, MemoryLevel level, ILogger logger) : IAsyncDisposable
{
    /// <summary>FusionCache may read the distributed cache for a message, and a slow reading must not delay the others.</summary>
    private const int MaxConcurrency = 32;

    private readonly CancellationTokenSource _end = new();
    private readonly KeyTurns _turns = new();
    private Task<ListenerSubscription>? _subscribing;
    private bool _hasConnected;

    public string Channel => channel;

    /// <summary>Subscribes, without waiting for the server: a gap says when it listens, and then the memory level is expired.</summary>
    /// <exception cref="ArgumentException">The name of the channel is not valid.</exception>
    public async Task BeginAsync(IPgListener listener)
    {
        var settings = new SubscriptionOptions { Name = $"FusionCache {options.CacheName}", FullQueueMode = FullQueueMode.Drop, MaxConcurrency = MaxConcurrency, OnResync = ResyncAsync };
        _subscribing = listener.SubscribeAsync(channel, HandleAsync, settings, _end.Token);
        if (_subscribing.IsCompleted)
            await _subscribing.ConfigureAwait(false);
        else
            _ = DetachedTask.Run(() => ReportAsync(_subscribing));
    }

    /// <summary>Ends the subscription, also while it is being made.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        if (_subscribing is { } subscribing)
        {
            await ((Task)subscribing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (subscribing.IsCompletedSuccessfully)
                await (await subscribing.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }

        _end.Dispose();
    }

    /// <summary>Logs what the server answers to a subscription that nobody waits for.</summary>
    private async Task ReportAsync(Task subscribing)
    {
        await subscribing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (subscribing.Exception?.InnerException is { } error and not ListenerClosedException)
            logger.BackplaneNotSubscribed(error, options.CacheName, channel);
    }

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

    private ValueTask GiveAsync(BackplaneMessage message) => _turns.RunAsync(message, level.IsOfTag(message), HandleAsync);

    private async ValueTask HandleAsync(BackplaneMessage message)
    {
        if (options.IncomingMessageHandlerAsync is { } handleAsync)
            await handleAsync(message).ConfigureAwait(false);
        else
            options.IncomingMessageHandler?.Invoke(message);
    }
}
