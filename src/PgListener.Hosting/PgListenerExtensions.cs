using System.Runtime.CompilerServices;
using PgListener.Payloads;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener;

/// <summary>Subscribes and reads by channel type.</summary>
public static class PgListenerExtensions
{
    /// <summary>Subscribes to a channel by type.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="listener">The listener.</param>
    /// <param name="callback">What to call for each notification, on the thread pool. No scope is made for it.</param>
    /// <param name="options">The settings; those of the listener when left out. Without a <see cref="SubscriptionOptions.Name"/> the subscription has the name of the callback's method.</param>
    /// <param name="cancellationToken">Ends the wait; the callback is then not added.</param>
    /// <returns>The subscription, as <see cref="IPgListener.SubscribeAsync"/> returns it. Dispose of it to end it.</returns>
    /// <remarks>Malformed payloads are logged, counted as failed, and left out.</remarks>
    /// <exception cref="InvalidOperationException">The channel's name is not valid, or its type cannot be read, whatever the payload.</exception>
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
        var own = options?.Snapshot() ?? new();
        own.Name ??= CallbackName.Of(callback);
        var reader = new PayloadReader<TChannel>(own.Name);
        own.PayloadReader = reader;
        return listener.SubscribeAsync(TChannel.ChannelName, CallAsync, own, cancellationToken);

        Task CallAsync(NotificationContext context, CancellationToken token)
            => callback(new(reader.Read(context.Notification), context.Payload, context.ProcessId), token);
    }

    /// <summary>Reads a channel's notifications from now on: for server-sent events, SignalR or gRPC streams.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="listener">The listener.</param>
    /// <param name="options">The settings; those of the listener when left out. Set <see cref="SubscriptionOptions.OnResync"/> to be told of gaps, in their place among the notifications.</param>
    /// <param name="cancellationToken">Ends the reading with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The notifications from the moment the first is asked for. They end when the host begins to stop, so that a stream of them does not hold up its stopping.</returns>
    /// <remarks>
    /// Each reader has a bounded queue of its own, and sees every notification. Malformed payloads are logged, counted as failed, and left out.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The channel's name is not valid, or its type cannot be read, whatever the payload. It is thrown by this method, not by the first read.</exception>
    public static IAsyncEnumerable<Notification<TChannel>> ReadAllAsync<TChannel>(
        this IPgListener listener, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
    {
        ArgumentNullException.ThrowIfNull(listener);
        PayloadReader<TChannel>.Inspect();
        return ReadAsync<TChannel>(listener, options, cancellationToken);
    }

    private static async IAsyncEnumerable<Notification<TChannel>> ReadAsync<TChannel>(
        IPgListener listener, SubscriptionOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
        where TChannel : INotificationChannel<TChannel>
    {
        var own = options?.Snapshot() ?? new();
        var reader = new PayloadReader<TChannel>(own.Name ?? "A reader");
        var counters = own.Counters = new();
        own.PayloadReader = reader;
        await foreach (var notification in listener.ReadAllAsync(TChannel.ChannelName, own, cancellationToken).ConfigureAwait(false))
        {
            if (reader.TryRead(notification, out var value, out var cause))
                yield return new(value, notification.Payload, notification.ProcessId);
            else
                counters.Fail(ErrorType.Of(cause));
        }
    }
}
