namespace PgListener;

/// <summary>Optional, on the same class as <see cref="INotificationHandler{TChannel}"/>: hears that notifications may have been missed.</summary>
/// <typeparam name="TChannel">The channel's type.</typeparam>
/// <remarks>
/// Called in a fresh scope, in its place among the notifications: when the listener has started, after each reconnect, and
/// after the handler's queue has overflowed. Read again what the notifications would have told. If it throws or exceeds the handler's
/// <c>Timeout</c>, it is called again, in a scope of its own each time, after waits that grow from 100 milliseconds to 30 seconds, until it
/// succeeds or the listener stops. A newer gap that follows with no notification between is taken in, with the oldest <see cref="Resync.Since"/>. The handler's notifications wait
/// for that, within the limits of its queue, and <see cref="SubscriptionStatistics.ResyncFailure"/> and the health check say so.
/// When the listener stops before it succeeds, the notifications that wait are discarded, and the gap of the next start covers them.
/// </remarks>
public interface IResyncHandler<TChannel>
    where TChannel : INotificationChannel<TChannel>
{
    /// <summary>Reads again what missing notifications would have told.</summary>
    /// <param name="resync">What is known of the gap.</param>
    /// <param name="cancellationToken">As for <see cref="INotificationHandler{TChannel}.HandleAsync"/>.</param>
    /// <returns>A task that completes when that is done; the next notification waits for it.</returns>
    Task ResyncAsync(Resync resync, CancellationToken cancellationToken);
}
