namespace PgListener.Chaos.Subjects.Handlers;

/// <summary>What runs instead of <see cref="ReplacedHandler"/>.</summary>
internal sealed class Replacement(HandlerBook book) : INotificationHandler<Replaced>, IResyncHandler<Replaced>
{
    public Task HandleAsync(Notification<Replaced> notification, CancellationToken cancellationToken)
        => book[nameof(Replacement)].TakeAsync(notification.Channel, notification.Payload, context: null, cancellationToken);

    public Task ResyncAsync(Resync resync, CancellationToken cancellationToken) => book[nameof(Replacement)].TakeAsync(resync, cancellationToken);
}
