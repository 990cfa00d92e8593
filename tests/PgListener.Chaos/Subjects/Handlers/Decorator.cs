namespace PgListener.Chaos.Subjects.Handlers;

/// <summary>Stands in front of a handler. It records each notification before it passes it on, and knows nothing of gaps.</summary>
internal sealed class Decorator(string name, INotificationHandler<Decorated> inner, HandlerBook book) : INotificationHandler<Decorated>
{
    public async Task HandleAsync(Notification<Decorated> notification, CancellationToken cancellationToken)
    {
        await book[name].TakeAsync(notification.Channel, notification.Payload, context: null, cancellationToken);
        await inner.HandleAsync(notification, cancellationToken);
    }
}
