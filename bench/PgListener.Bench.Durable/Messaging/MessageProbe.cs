namespace PgListener.Bench;

/// <summary>A message with the id 0, which is not counted.</summary>
internal sealed class MessageProbe(IMessageSender sender) : IProbe
{
    public Task SendAsync(CancellationToken cancellationToken) => sender.SendAsync(0, 0, cancellationToken);
}
