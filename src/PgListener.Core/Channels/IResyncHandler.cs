namespace PgListener;

/// <summary>Optional, on the same class as <see cref="INotificationHandler{TChannel}"/>: hears that notifications may have been missed.</summary>
/// <typeparam name="TChannel">The channel's type.</typeparam>
/// <remarks>
/// Called in a fresh scope, in its place among the notifications: when the listener has started, after each reconnect, and
/// after the handler's queue has overflowed. Read again what the notifications would have told. If it throws, that is logged
/// and it is not called again until the next gap: try again inside, since what cut off the listener may have cut off others.
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
