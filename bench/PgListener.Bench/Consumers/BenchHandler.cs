namespace PgListener.Bench;

/// <summary>A handler without state.</summary>
internal sealed class BenchHandler : INotificationHandler<BenchOrder>
{
    public Task HandleAsync(Notification<BenchOrder> notification, CancellationToken cancellationToken)
    {
        Meter.Instance.Hit(notification.Value);
        return Task.CompletedTask;
    }
}
