namespace PgListener.Bench;

/// <summary>What the hand-written services call for each notification.</summary>
internal interface IOrderHandler
{
    Task HandleAsync(BenchOrder order, CancellationToken cancellationToken);
}
