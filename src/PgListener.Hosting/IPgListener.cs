namespace PgListener;

/// <summary>A listener that the host starts and stops. Inject it; a named one as a keyed service with its name as the key.</summary>
public interface IPgListener
{
    /// <summary>The name it was added with; empty for the one without a name.</summary>
    string Name { get; }

    /// <summary>What it is doing.</summary>
    ListenerState State { get; }

    /// <inheritdoc cref="Listener.Status"/>
    ListenerStatus Status { get; }

    /// <inheritdoc cref="Listener.GetStatistics"/>
    IReadOnlyList<SubscriptionStatistics> GetStatistics();

    /// <inheritdoc cref="Listener.StateChanged"/>
    event EventHandler<ListenerStateChangedEventArgs>? StateChanged;

    /// <inheritdoc cref="Listener.WaitUntilListeningAsync"/>
    Task WaitUntilListeningAsync(CancellationToken cancellationToken = default);

    /// <summary>Subscribes to a channel by name.</summary>
    /// <inheritdoc cref="Listener.SubscribeAsync"/>
    Task<ListenerSubscription> SubscribeAsync(
        string channel, NotificationCallback callback, SubscriptionOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Subscribes to a channel by type.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="callback">What to call for each notification. No scope is made for it.</param>
    /// <param name="options">The settings; those of the listener when left out.</param>
    /// <param name="cancellationToken">Ends the wait; the callback is then not added.</param>
    /// <returns>The subscription, once the server listens; dispose of it to end it.</returns>
    Task<ListenerSubscription> SubscribeAsync<TChannel>(
        Func<Notification<TChannel>, CancellationToken, Task> callback, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>;

    /// <summary>Reads a channel's notifications from now on: for server-sent events, SignalR or gRPC streams.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="options">The settings; those of the listener when left out. Set <see cref="SubscriptionOptions.OnResync"/> to hear of gaps, in their place among the notifications.</param>
    /// <param name="cancellationToken">Ends the reading with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The notifications. They end when the host begins to stop, so that a stream of them does not hold up its stopping.</returns>
    /// <remarks>
    /// Each reader has a bounded queue of its own, and sees every notification. Malformed payloads are logged and left out. A reader whose
    /// queue is full drops the newest and announces the gap, so that it never pauses the reading for everyone else:
    /// <see cref="FullQueueMode.Drop"/> is the default here. What <see cref="SubscriptionOptions.OnResync"/> throws is thrown to the reader.
    /// </remarks>
    IAsyncEnumerable<Notification<TChannel>> ReadAllAsync<TChannel>(SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>;

    /// <summary>
    /// Reads a channel's notifications from now on, and the gaps in their places among them: for streams whose other end has to fetch its
    /// state again after a gap, such as a browser. The first item is the gap that says that it has begun.
    /// </summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="options">The settings; those of the listener when left out.</param>
    /// <param name="cancellationToken">Ends the reading with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>Notifications and gaps. They end when the host begins to stop, so that a stream of them does not delay its stopping.</returns>
    /// <inheritdoc cref="ReadAllAsync{TChannel}" path="/remarks"/>
    IAsyncEnumerable<StreamItem<TChannel>> ReadItemsAsync<TChannel>(SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>;
}
