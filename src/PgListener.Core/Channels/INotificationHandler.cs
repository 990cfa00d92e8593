namespace PgListener;

/// <summary>Handles the notifications of one channel. Register it with <c>AddHandler&lt;TChannel, THandler&gt;()</c>.</summary>
/// <typeparam name="TChannel">The channel's type.</typeparam>
/// <remarks>
/// <para>The handler is resolved in a fresh scope for every notification, so scoped dependencies such as a <c>DbContext</c> work as in a web request.</para>
/// <para>
/// A handler's notifications run one after the other, on the thread pool, in the order of their commits, unless its <c>MaxConcurrency</c> is above 1.
/// Different handlers run independently of each other.
/// </para>
/// <para>An exception is logged and counted, and the next notification follows. Nothing is retried, because plain LISTEN/NOTIFY delivers at most once. A filter can retry.</para>
/// <para>After a <see cref="Resync"/>, a notification may repeat what has been read already, so handlers should be idempotent.</para>
/// <para>Implement <see cref="IResyncHandler{TChannel}"/> on the same class to be notified when notifications may have been missed.</para>
/// </remarks>
public interface INotificationHandler<TChannel>
    where TChannel : INotificationChannel<TChannel>
{
    /// <summary>Handles one notification.</summary>
    /// <param name="notification">The notification, with its payload read.</param>
    /// <param name="cancellationToken">Cancelled when the handler's <c>Timeout</c> has elapsed, or when the time to stop has run out.</param>
    /// <returns>A task that completes when the notification has been handled.</returns>
    Task HandleAsync(Notification<TChannel> notification, CancellationToken cancellationToken);
}
