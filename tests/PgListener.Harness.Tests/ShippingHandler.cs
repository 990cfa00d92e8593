namespace PgListener.Harness.Tests;

/// <summary>Ships at once, and announces it.</summary>
public sealed class ShippingHandler(Book book, INotificationPublisher publisher) : INotificationHandler<OrderPlaced>
{
    public async Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
    {
        await publisher.PublishAsync(new OrderPaid(notification.Value.Id), cancellationToken);
        book.Write($"shipped {notification.Value.Id}");
    }
}
