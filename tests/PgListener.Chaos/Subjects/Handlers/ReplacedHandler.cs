namespace PgListener.Chaos.Subjects.Handlers;

/// <summary>A handler that was added and then replaced by <see cref="Replacement"/>: it must never be called.</summary>
internal sealed class ReplacedHandler(HandlerBook book) : INotificationHandler<Replaced>, IResyncHandler<Replaced>
{
    public Task HandleAsync(Notification<Replaced> notification, CancellationToken cancellationToken)
    {
        book.Complain("A handler that was replaced was given a notification.");
        return Task.CompletedTask;
    }

    public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
    {
        book.Complain("A handler that was replaced was told of a gap.");
        return Task.CompletedTask;
    }
}
