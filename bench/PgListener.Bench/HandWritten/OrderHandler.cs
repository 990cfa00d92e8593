namespace PgListener.Bench;

/// <summary>A handler without state.</summary>
internal sealed class OrderHandler : IOrderHandler
{
    public Task HandleAsync(BenchOrder order, CancellationToken cancellationToken)
    {
        Meter.Instance.Hit(order);
        return Task.CompletedTask;
    }
}
