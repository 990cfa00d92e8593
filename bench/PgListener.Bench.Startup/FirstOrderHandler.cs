namespace PgListener.Bench;

/// <summary>The hand-written service's handler.</summary>
internal sealed class FirstOrderHandler : IOrderHandler
{
    public Task HandleAsync(BenchOrder order, CancellationToken cancellationToken)
    {
        Report.OnceHandled();
        return Task.CompletedTask;
    }
}
