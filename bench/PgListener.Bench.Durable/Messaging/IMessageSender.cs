namespace PgListener.Bench;

/// <summary>Sends messages, each in a transaction of its own; several at the same time.</summary>
internal interface IMessageSender : IAsyncDisposable
{
    /// <summary>Sends one. It is committed when the task completes.</summary>
    Task SendAsync(long id, long sent, CancellationToken cancellationToken);
}
