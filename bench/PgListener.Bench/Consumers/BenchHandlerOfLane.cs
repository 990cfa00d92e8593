namespace PgListener.Bench;

/// <summary>A handler class for each three digits, to have a thousand of them.</summary>
internal sealed class BenchHandler<THundreds, TTens, TOnes> : INotificationHandler<BenchOrder>
    where THundreds : IDigit
    where TTens : IDigit
    where TOnes : IDigit
{
    public Task HandleAsync(Notification<BenchOrder> notification, CancellationToken cancellationToken)
    {
        Meter.Instance.Hit(notification.Value, (((THundreds.Value * 10) + TTens.Value) * 10) + TOnes.Value);
        return Task.CompletedTask;
    }
}
