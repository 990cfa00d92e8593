namespace PgListener;

/// <summary>Tells a handler that notifications may have been missed. Optional; implement it on the same class as <see cref="INotificationHandler{TChannel}"/>.</summary>
/// <typeparam name="TChannel">The channel's type.</typeparam>
/// <remarks>
/// Called in a fresh scope, in its place among the notifications: when the listener has started, after each reconnect, and
/// after the handler's queue has overflowed. Read again the state that the notifications change. If the method throws or exceeds the handler's
/// <c>Timeout</c>, it is called again, in a fresh scope each time, after waits that grow from 100 milliseconds to 30 seconds, until it
/// succeeds or the listener stops. A newer gap that follows with no notification in between is merged, with the oldest <see cref="Resync.Since"/>. Until then the handler's notifications
/// wait, within the limits of its queue, and <see cref="SubscriptionStatistics.ResyncFailure"/> and the health check report it.
/// If the listener stops before it succeeds, the waiting notifications are discarded, and the gap of the next start covers them.
/// </remarks>
public interface IResyncHandler<TChannel>
    where TChannel : INotificationChannel<TChannel>
{
    /// <summary>Reads again the state that notifications change, because some may have been missed.</summary>
    /// <param name="resync">The gap's reason and time window.</param>
    /// <param name="cancellationToken">Cancelled when the handler's <c>Timeout</c> has elapsed, or when the time to stop has run out.</param>
    /// <returns>A task that completes when the state has been read; the next notification waits for it.</returns>
    Task ResyncAsync(Resync resync, CancellationToken cancellationToken);
}
