namespace PgListener.Bench;

/// <summary>Wolverine's handler. It makes and calls public types only.</summary>
public sealed class WolverineHandler : IMessageWork
{
    public Task HandleAsync(BenchMessage message) => Meter.Instance.HitAsync(message.Id, message.Sent);
}
