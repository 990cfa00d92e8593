namespace PgListener.Bench;

/// <summary>Counts.</summary>
internal sealed class MessageWork : IMessageWork
{
    public Task HandleAsync(BenchMessage message) => Meter.Instance.HitAsync(message.Id, message.Sent);
}
