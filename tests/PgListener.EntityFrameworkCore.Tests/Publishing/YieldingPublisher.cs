namespace PgListener.EntityFrameworkCore.Tests.Publishing;

/// <summary>A decorator whose code goes on where it was called.</summary>
internal sealed class YieldingPublisher(INotificationPublisher inner) : INotificationPublisher
{
    public async Task PublishAsync(PublishRequest request, CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        await inner.PublishAsync(request, cancellationToken);
    }
}
