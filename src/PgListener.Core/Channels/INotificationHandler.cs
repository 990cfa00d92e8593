namespace PgListener;

/// <summary>Reacts to the notifications of one channel. Register it with <c>AddHandler&lt;TChannel, THandler&gt;()</c>.</summary>
/// <typeparam name="TChannel">The channel's type.</typeparam>
/// <remarks>
/// <para>The handler is resolved in a fresh scope for every notification, so scoped dependencies such as a <c>DbContext</c> work as in a web request.</para>
/// <para>One handler's notifications run one after the other in the order of their commits, unless its <c>MaxConcurrency</c> is above 1; different handlers run independently of each other.</para>
/// <para>An exception is logged once, and the next notification goes on: plain LISTEN/NOTIFY is at most once, and nothing is tried again.</para>
/// <para>After a <see cref="Resync"/> a notification may repeat what has been read already: handlers should be idempotent.</para>
/// </remarks>
public interface INotificationHandler<TChannel>
    where TChannel : INotificationChannel<TChannel>
{
    /// <summary>Reacts to one notification.</summary>
    /// <param name="notification">The notification, its payload already read.</param>
    /// <param name="cancellationToken">Cancelled when the host cannot wait any longer, or when the handler's own time limit is over.</param>
    /// <returns>A task that completes when the notification is dealt with.</returns>
    Task HandleAsync(Notification<TChannel> notification, CancellationToken cancellationToken);
}
