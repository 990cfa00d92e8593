namespace PgListener.Chaos.Subjects.Handlers;

/// <summary>A handler that runs as it was added.</summary>
internal sealed class PlainHandler(HandlerBook book) : INotificationHandler<Decorated>, IResyncHandler<Decorated>
{
    public Task HandleAsync(Notification<Decorated> notification, CancellationToken cancellationToken)
        => book[nameof(PlainHandler)].TakeAsync(notification.Channel, notification.Payload, context: null, cancellationToken);

    public Task ResyncAsync(Resync resync, CancellationToken cancellationToken) => book[nameof(PlainHandler)].TakeAsync(resync, cancellationToken);
}
