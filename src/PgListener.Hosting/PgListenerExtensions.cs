using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using PgListener.ChangeFeeds;
using PgListener.Payloads;
using PgListener.Registration;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener;

/// <summary>Subscribes and reads by channel type.</summary>
public static class PgListenerExtensions
{
    /// <summary>Subscribes to a channel by type.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="listener">The listener.</param>
    /// <param name="callback">Called for each notification, on the thread pool and without a scope.</param>
    /// <param name="options">The settings; those of the listener when left out. Without a <see cref="SubscriptionOptions.Name"/> the subscription has the name of the callback's method.</param>
    /// <param name="cancellationToken">Ends the wait; the callback is then not added.</param>
    /// <returns>The subscription, as <see cref="IPgListener.SubscribeAsync"/> returns it. Dispose of it to end it.</returns>
    /// <remarks>Malformed payloads are logged, counted as failed, and skipped.</remarks>
    /// <exception cref="InvalidOperationException">The channel's name is not valid, or its type cannot be read at all.</exception>
    /// <inheritdoc cref="IPgListener.SubscribeAsync" path="/exception"/>
    public static Task<ListenerSubscription> SubscribeAsync<TChannel>(
        this IPgListener listener,
        Func<Notification<TChannel>, CancellationToken, Task> callback,
        SubscriptionOptions? options = null,
        CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
    {
        ArgumentNullException.ThrowIfNull(listener);
        ArgumentNullException.ThrowIfNull(callback);
        ThrowIfNoFeed<TChannel>(listener, options?.FullQueueMode ?? (listener as HostedListener)?.OptionsAtStart.FullQueueMode);
        ThrowIfDurable<TChannel>(listener);
        var own = options?.Snapshot() ?? new();
        own.Name ??= CallbackName.Of(callback);
        var channel = listener.ChannelNameOf<TChannel>();
        var reader = new PayloadReader<TChannel>(own.Name, channel);
        own.PayloadReader = reader;
        own.MeansEverything = TChannel.MeansEverything;
        return listener.SubscribeAsync(channel, CallAsync, own, cancellationToken);

        Task CallAsync(NotificationContext context, CancellationToken token) => callback(reader.Read(context.Notification), token);
    }

    /// <summary>Reads a channel from now on: for server-sent events, SignalR or gRPC streams. A durable channel also from an earlier message on.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="listener">The listener.</param>
    /// <param name="options">The settings; those of the listener when left out. Set <see cref="SubscriptionOptions.OnResync"/> to be notified of gaps, in their place among the notifications.</param>
    /// <param name="cancellationToken">Ends the reading with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The notifications from the first read on. They end when the host begins to stop, so that a stream does not delay the stop.</returns>
    /// <remarks>
    /// <para>Each reader has a bounded queue of its own, and gets every notification. Malformed payloads are logged, counted as failed, and skipped.</para>
    /// <para>
    /// A stream of a durable channel does not lose messages: a reader that is slow reads from the log what its queue could not hold, so <see cref="HandlerOptions.FullQueueMode"/> and
    /// <see cref="HandlerOptions.MaxBackpressure"/> do not apply. Each message comes once, in the order of the channel, also when the database cannot be reached for some time. It
    /// acknowledges nothing: keep the <see cref="DurableMessage.Position"/> of the last message, and give it to <see cref="SubscriptionOptions.StartAfter"/> to go on there.
    /// </para>
    /// </remarks>
    /// <exception cref="InvalidOperationException">The channel's name is not valid, its type cannot be read at all, or it is durable and the listener has no durable channels. It is thrown by this method, not by the first read.</exception>
    /// <exception cref="ArgumentException">The channel is not durable, and <see cref="SubscriptionOptions.StartAfter"/> is set.</exception>
    public static IAsyncEnumerable<Notification<TChannel>> ReadAllAsync<TChannel>(
        this IPgListener listener, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
    {
        var channel = Inspect<TChannel>(listener, options);
        return IsDurable<TChannel>(listener, out var durable) ? OnlyMessagesAsync(ReadDurable<TChannel>(durable, channel, options, cancellationToken), cancellationToken) : ReadAsync(cancellationToken);

        async IAsyncEnumerable<Notification<TChannel>> ReadAsync([EnumeratorCancellation] CancellationToken token)
        {
            var (own, reader) = Prepare<TChannel>(channel, options);
            await foreach (var notification in listener.ReadAllAsync(channel, own, token).ConfigureAwait(false))
            {
                if (TryRead(notification, own, reader, out var value))
                    yield return value;
            }
        }
    }

    /// <summary>
    /// Reads a channel from now on, with the gaps in their places, for streams whose other end has to load its
    /// state again after a gap, such as a browser. The first item is the gap of the start; there is none on a durable channel after <see cref="SubscriptionOptions.StartAfter"/>.
    /// </summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="listener">The listener.</param>
    /// <param name="options">The settings; those of the listener when left out.</param>
    /// <param name="cancellationToken">Ends the reading with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>Notifications and gaps. They end when the host begins to stop, so that a stream does not delay the stop.</returns>
    /// <inheritdoc cref="ReadAllAsync{TChannel}" path="/remarks"/>
    /// <inheritdoc cref="ReadAllAsync{TChannel}" path="/exception"/>
    public static IAsyncEnumerable<StreamItem<TChannel>> ReadItemsAsync<TChannel>(
        this IPgListener listener, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
    {
        var channel = Inspect<TChannel>(listener, options);
        return IsDurable<TChannel>(listener, out var durable) ? ReadDurable<TChannel>(durable, channel, options, cancellationToken) : ReadAsync(cancellationToken);

        async IAsyncEnumerable<StreamItem<TChannel>> ReadAsync([EnumeratorCancellation] CancellationToken token)
        {
            var (own, reader) = Prepare<TChannel>(channel, options);
            await foreach (var item in listener.ReadItemsAsync(channel, own, token).ConfigureAwait(false))
            {
                if (item.IsGap(out var gap))
                    yield return new(gap);
                else if (TryRead(item.Notification, own, reader, out var value))
                    yield return new(value);
            }
        }
    }

    private static string Inspect<TChannel>(IPgListener listener, SubscriptionOptions? options)
        where TChannel : INotificationChannel<TChannel>
    {
        ArgumentNullException.ThrowIfNull(listener);
        ThrowIfNoFeed<TChannel>(listener, options?.FullQueueMode);
        if (!IsDurable<TChannel>(listener) && options?.StartAfter is not null)
            throw new ArgumentException($"{nameof(SubscriptionOptions.StartAfter)} is set, but {typeof(TChannel)} is not a durable channel. Its notifications have no position.", nameof(options));

        var channel = listener.ChannelNameOf<TChannel>();
        PayloadReader<TChannel>.Inspect(channel);
        return channel;
    }

    /// <summary>Whether a channel is read from the log. A fake of a test has only what it is sent by name.</summary>
    private static bool IsDurable<TChannel>(IPgListener listener, [NotNullWhen(true)] out HostedListener? durable)
        where TChannel : INotificationChannel<TChannel>
    {
        durable = listener is HostedListener hosted && hosted.IsDurable<TChannel>() ? hosted : null;
        return durable is not null;
    }

    private static bool IsDurable<TChannel>(IPgListener listener)
        where TChannel : INotificationChannel<TChannel>
        => listener is HostedListener hosted ? hosted.IsDurable<TChannel>() : TChannel.IsDurable;

    private static IAsyncEnumerable<StreamItem<TChannel>> ReadDurable<TChannel>(HostedListener listener, string channel, SubscriptionOptions? options, CancellationToken cancellationToken)
        where TChannel : INotificationChannel<TChannel>
    {
        var (own, reader) = Prepare<TChannel>(channel, options);
        return ReadAsync(listener.ReadDurableAsync(channel, own, cancellationToken), cancellationToken);

        async IAsyncEnumerable<StreamItem<TChannel>> ReadAsync(IAsyncEnumerable<DurableStreamItem> items, [EnumeratorCancellation] CancellationToken token)
        {
            await foreach (var item in items.WithCancellation(token).ConfigureAwait(false))
            {
                if (item.Gap is { } gap)
                    yield return new(gap);
                else if (TChannel.MeansEverything is { } meansEverything && meansEverything(item.Payload!))
                    yield return new(await AnnounceEverythingAsync(channel, item.Message!, own, token).ConfigureAwait(false));
                else if (TryRead(new(channel, item.Payload!, ProcessId: 0), own, reader, out var read))
                    yield return new(new Notification<TChannel>(read.Value, read.Payload, item.Message!));
            }
        }
    }

    /// <summary>A message that says that anything may have changed is a gap of a stream, after which the stream goes on as after the message.</summary>
    private static async Task<Resync> AnnounceEverythingAsync(string channel, DurableMessage message, SubscriptionOptions options, CancellationToken cancellationToken)
    {
        var gap = new Resync(channel, ResyncReason.Everything, message.PublishedAt, message.PublishedAt) { Position = message.Position };
        if (options.OnResync is { } onResync)
            await onResync(gap, cancellationToken).ConfigureAwait(false);
        return gap;
    }

    private static async IAsyncEnumerable<Notification<TChannel>> OnlyMessagesAsync<TChannel>(IAsyncEnumerable<StreamItem<TChannel>> items, [EnumeratorCancellation] CancellationToken cancellationToken)
        where TChannel : INotificationChannel<TChannel>
    {
        await foreach (var item in items.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (!item.IsGap(out _))
                yield return item.Notification;
        }
    }

    private static (SubscriptionOptions Options, PayloadReader<TChannel> Reader) Prepare<TChannel>(string channel, SubscriptionOptions? options)
        where TChannel : INotificationChannel<TChannel>
    {
        var own = options?.Snapshot() ?? new();
        var reader = new PayloadReader<TChannel>(own.Name ?? "A reader", channel);
        own.Failures = new();
        own.PayloadReader = reader;
        own.MeansEverything = TChannel.MeansEverything;
        return (own, reader);
    }

    /// <summary>Reads a payload. A malformed one is logged and counted as failed.</summary>
    private static bool TryRead<TChannel>(Notification notification, SubscriptionOptions options, PayloadReader<TChannel> reader, out Notification<TChannel> value)
        where TChannel : INotificationChannel<TChannel>
    {
        if (reader.TryRead(notification, out value, out var cause))
            return true;

        options.Failures!.Fail(ErrorType.Of(cause));
        return false;
    }

    /// <exception cref="InvalidOperationException">The channel is that of a change feed, and the listener has none for it, or the queue would lose what it reports.</exception>
    private static void ThrowIfNoFeed<TChannel>(IPgListener listener, FullQueueMode? mode)
        where TChannel : INotificationChannel<TChannel>
    {
        if ((listener as HostedListener)?.ProblemWithFeed<TChannel>() is { } problem)
            throw new InvalidOperationException(problem);
        if (!IsDurable<TChannel>(listener) && FeedProblem.Of<TChannel>(mode) is { } lossy)
            throw new InvalidOperationException($"{typeof(TChannel).Name} cannot be read so. {lossy}");
    }

    /// <summary>On the name of a durable channel, notifications only say that there is something new in the log.</summary>
    private static void ThrowIfDurable<TChannel>(IPgListener listener)
        where TChannel : INotificationChannel<TChannel>
    {
        if (IsDurable<TChannel>(listener))
        {
            throw new NotSupportedException(
                $"{typeof(TChannel)} is a durable channel, which has no callbacks. Read it with ReadAllAsync<{typeof(TChannel).Name}>(), or add a handler with AddHandler<{typeof(TChannel).Name}, …>(); with DurableMode.PerInstance, every instance gets every message.");
        }
    }
}
