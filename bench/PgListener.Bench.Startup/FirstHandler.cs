namespace PgListener.Bench;

/// <summary>PgListener's handler.</summary>
internal sealed class FirstHandler : INotificationHandler<BenchOrder>
{
    public Task HandleAsync(Notification<BenchOrder> notification, CancellationToken cancellationToken)
    {
        Report.OnceHandled();
        return Task.CompletedTask;
    }
}
