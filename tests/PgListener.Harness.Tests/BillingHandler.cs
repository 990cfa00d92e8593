namespace PgListener.Harness.Tests;

/// <summary>Writes down orders and gaps.</summary>
public sealed class BillingHandler(Book book) : INotificationHandler<OrderPlaced>, IResyncHandler<OrderPlaced>
{
    public async Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
    {
        await book.OnOrder(notification.Value, cancellationToken);
        book.Write($"order {notification.Value.Id}");
    }

    public async Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
    {
        await book.OnResync(resync, cancellationToken);
        book.Write($"{resync.Reason}");
    }
}
