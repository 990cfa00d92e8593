using System.Runtime.CompilerServices;

namespace PgListener;

/// <summary>A listener that the host starts and stops. Inject it; a named listener is a keyed service with its name as the key.</summary>
/// <remarks>
/// <para>All members are thread-safe, and may be used before the host has started the listener, and inside handlers and callbacks.</para>
/// <para>
/// The interface is small so that a test can implement it. The methods that take a channel's type are extension methods of <see cref="PgListenerExtensions"/>.
/// </para>
/// </remarks>
public interface IPgListener
{
    /// <summary>The name that the listener was added with; empty for the listener without a name.</summary>
    string Name { get; }

    /// <summary>The listener's state, the same as that of <see cref="Status"/>.</summary>
    ListenerState State => Status.State;

    /// <inheritdoc cref="Listener.Status"/>
    ListenerStatus Status { get; }

    /// <summary>Gets the name that a channel type has on this listener: the name of the type, unless <see cref="PgListenerBuilder.MapChannel{TChannel}"/> sets another.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <returns>The channel's name, without <see cref="ListenerOptions.ChannelPrefix"/>.</returns>
    string ChannelNameOf<TChannel>()
        where TChannel : INotificationChannel<TChannel>
        => TChannel.ChannelName;

    /// <inheritdoc cref="Listener.GetStatistics"/>
    IReadOnlyList<SubscriptionStatistics> GetStatistics();

    /// <inheritdoc cref="Listener.StateChanged"/>
    event EventHandler<ListenerStateChangedEventArgs>? StateChanged;

    /// <inheritdoc cref="Listener.WaitUntilListeningAsync"/>
    Task WaitUntilListeningAsync(CancellationToken cancellationToken = default);

    /// <summary>Subscribes to a channel by name.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="callback">Called for each notification, on the thread pool and without a scope.</param>
    /// <param name="options">The settings; those of the listener when left out.</param>
    /// <param name="cancellationToken">Ends the wait; the callback is then not added.</param>
    /// <returns>The subscription; dispose of it to end it.</returns>
    /// <remarks>
    /// <para>The task completes when the server listens to the channel. Before the listener's start it completes at once.</para>
    /// <para>
    /// While the host is starting, it does not wait for a connection: without one it completes at once, and the channel is listened to as soon as
    /// there is one. So it may be awaited in <c>StartAsync</c> of a hosted service, in any order of registration, even if the server cannot be reached.
    /// <see cref="WaitUntilListeningAsync"/> waits for the connection.
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentException">The channel's name, or a setting, is not valid.</exception>
    /// <exception cref="Npgsql.PostgresException">The server refused the channel; the callback is then not added. When the task has completed without a connection, a refusal is logged instead.</exception>
    /// <exception cref="ListenerClosedException">The listener was stopped during the call. The callback is not added.</exception>
    Task<ListenerSubscription> SubscribeAsync(
        string channel, NotificationCallback callback, SubscriptionOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Reads a channel's notifications by name.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="options">The settings; those of the listener when left out. Concurrency and time limit do not apply to a reader.</param>
    /// <param name="cancellationToken">Ends the reading with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The notifications from the first read on. They end when the host begins to stop, so that a stream does not delay the stop.</returns>
    /// <remarks>
    /// Each reader has a bounded queue of its own, and gets every notification. A reader whose queue is full drops the newest ones and announces
    /// the gap, so that it never pauses reading for the others: <see cref="FullQueueMode.Drop"/> is the default for readers. Set
    /// <see cref="SubscriptionOptions.OnResync"/> to be notified of gaps; its exceptions are thrown to the reader.
    /// </remarks>
    /// <inheritdoc cref="SubscribeAsync" path="/exception"/>
    IAsyncEnumerable<Notification> ReadAllAsync(string channel, SubscriptionOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Reads a channel's notifications by name, with the gaps in their places, for streams whose other end has to load its state
    /// again after a gap, such as a browser. The first item is the gap of the start.
    /// </summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="options">The settings; those of the listener when left out. Concurrency and time limit do not apply to a reader.</param>
    /// <param name="cancellationToken">Ends the reading with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>Notifications and gaps. They end when the host begins to stop.</returns>
    /// <inheritdoc cref="SubscribeAsync" path="/exception"/>
    /// <remarks>The default implementation, for fakes, has no gaps: it reads <see cref="ReadAllAsync"/>.</remarks>
    async IAsyncEnumerable<StreamItem> ReadItemsAsync(
        string channel, SubscriptionOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var notification in ReadAllAsync(channel, options, cancellationToken).ConfigureAwait(false))
            yield return new(notification);
    }
}
