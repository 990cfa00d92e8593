using System.Runtime.CompilerServices;

namespace PgListener;

/// <summary>A listener that the host starts and stops. Inject it; a named one as a keyed service with its name as the key.</summary>
/// <remarks>
/// <para>All members may be used from several threads at a time, before the host has started the listener, and from inside handlers and callbacks.</para>
/// <para>
/// The interface is small so that a test can implement it: by channel type, <see cref="PgListenerExtensions"/> subscribes and reads through these members.
/// </para>
/// </remarks>
public interface IPgListener
{
    /// <summary>The name it was added with; empty for the one without a name.</summary>
    string Name { get; }

    /// <summary>What it is doing: the state that <see cref="Status"/> has.</summary>
    ListenerState State => Status.State;

    /// <inheritdoc cref="Listener.Status"/>
    ListenerStatus Status { get; }

    /// <summary>The name of a channel type's channel on this listener: the one that the type says, unless <see cref="PgListenerBuilder.MapChannel{TChannel}"/> has chosen another.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <returns>The channel, without <see cref="ListenerOptions.ChannelPrefix"/>.</returns>
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
    /// <param name="callback">What to call for each notification, on the thread pool. No scope is made for it.</param>
    /// <param name="options">The settings; those of the listener when left out.</param>
    /// <param name="cancellationToken">Ends the wait; the callback is then not added.</param>
    /// <returns>The subscription; dispose of it to end it.</returns>
    /// <remarks>
    /// <para>The task completes once the server listens to the channel. Before the listener's start it completes at once.</para>
    /// <para>
    /// While the host is starting it does not wait for a connection: without one it completes at once, and the channel is listened to as soon as
    /// there is one. So it may be awaited in <c>StartAsync</c> of a hosted service, in any order of registration and whatever the server does.
    /// <see cref="WaitUntilListeningAsync"/> waits.
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentException">The channel's name, or a setting, is not valid.</exception>
    /// <exception cref="Npgsql.PostgresException">The server refused the channel; the callback is then not added. When the task has completed without a connection, a refusal is logged instead.</exception>
    /// <exception cref="ListenerClosedException">The listener was stopped meanwhile; the callback is then not added.</exception>
    Task<ListenerSubscription> SubscribeAsync(
        string channel, NotificationCallback callback, SubscriptionOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Reads a channel's notifications by name.</summary>
    /// <param name="channel">As for <see cref="SubscribeAsync"/>.</param>
    /// <param name="options">The settings; those of the listener when left out. Concurrency and time limit do not apply to a reader.</param>
    /// <param name="cancellationToken">Ends the reading with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The notifications from the moment the first is asked for. They end when the host begins to stop, so that a stream of them does not delay its stopping.</returns>
    /// <remarks>
    /// Each reader has a bounded queue of its own, and sees every notification. A reader whose queue is full drops the newest and announces
    /// the gap, so that it never pauses the reading for everyone else: <see cref="FullQueueMode.Drop"/> is the default here. Set
    /// <see cref="SubscriptionOptions.OnResync"/> to be told of gaps; what it throws is thrown to the reader.
    /// </remarks>
    /// <inheritdoc cref="SubscribeAsync" path="/exception"/>
    IAsyncEnumerable<Notification> ReadAllAsync(string channel, SubscriptionOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Reads a channel's notifications by name, and the gaps in their places among them: for streams whose other end has to fetch its state
    /// again after a gap, such as a browser. The first item is the gap that says that it has begun.
    /// </summary>
    /// <param name="channel">As for <see cref="SubscribeAsync"/>.</param>
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
