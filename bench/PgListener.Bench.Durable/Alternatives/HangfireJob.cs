namespace PgListener.Bench;

/// <summary>Hangfire's job. It makes and calls public types only.</summary>
public sealed class HangfireJob : IMessageWork
{
    public Task HandleAsync(BenchMessage message) => Meter.Instance.HitAsync(message.Id, message.Sent);
}
