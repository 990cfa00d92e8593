namespace PgListener.Bench;

/// <summary>A handler class for each pair of digits, to have a hundred of them.</summary>
internal sealed class BenchHandler<TTens, TOnes> : INotificationHandler<BenchOrder>
    where TTens : IDigit
    where TOnes : IDigit
{
    public Task HandleAsync(Notification<BenchOrder> notification, CancellationToken cancellationToken)
    {
        Meter.Instance.Hit(notification.Value, (TTens.Value * 10) + TOnes.Value);
        return Task.CompletedTask;
    }
}
