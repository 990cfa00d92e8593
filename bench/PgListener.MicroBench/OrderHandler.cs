namespace PgListener.MicroBench;

/// <summary>A handler without state, which does nothing.</summary>
public sealed class OrderHandler : INotificationHandler<Order>
{
    public Task HandleAsync(Notification<Order> notification, CancellationToken cancellationToken) => Task.CompletedTask;
}
