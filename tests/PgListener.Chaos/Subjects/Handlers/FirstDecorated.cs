namespace PgListener.Chaos.Subjects.Handlers;

/// <summary>A handler with a <see cref="Decorator"/> in front of it, which records the notifications; the gaps come to this one, since the decorator has no use for them.</summary>
internal sealed class FirstDecorated(HandlerBook book) : INotificationHandler<Decorated>, IResyncHandler<Decorated>
{
    public Task HandleAsync(Notification<Decorated> notification, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ResyncAsync(Resync resync, CancellationToken cancellationToken) => book[nameof(FirstDecorated)].TakeAsync(resync, cancellationToken);
}
