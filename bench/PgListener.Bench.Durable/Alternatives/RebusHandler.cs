using Rebus.Handlers;

namespace PgListener.Bench;

/// <summary>Rebus' handler.</summary>
internal sealed class RebusHandler : IHandleMessages<BenchMessage>
{
    public Task Handle(BenchMessage message) => Meter.Instance.HitAsync(message.Id, message.Sent);
}
