namespace PgListener.Bench;

/// <summary>A handler without state.</summary>
internal sealed class BenchMessageHandler : INotificationHandler<BenchMessage>
{
    public Task HandleAsync(Notification<BenchMessage> notification, CancellationToken cancellationToken)
        => Meter.Instance.HitAsync(notification.Value.Id, notification.Value.Sent);
}
