using System.Data.Common;
using PgListener.Durable.Log;

namespace PgListener.Durable.Walks;

/// <summary>A message as a handler gets it.</summary>
internal sealed class DeliveredMessage(IEnlistment enlistment) : DurableMessage
{
    /// <summary>Creates the message for one attempt.</summary>
    /// <param name="message">The message in the log.</param>
    /// <param name="attempt">The number of the attempt, from 1.</param>
    /// <param name="channel">The channel's name in the application.</param>
    /// <param name="enlistment">Its acknowledgement in the handler's transaction.</param>
    public static DeliveredMessage Of(LogMessage message, int attempt, string channel, IEnlistment enlistment)
        => new(enlistment) { Id = message.Id, Key = message.Key, Attempt = attempt, PublishedAt = message.PublishedAt, Channel = channel, Headers = HeadersJson.Read(message.Headers) };

    public override Task EnlistAsync(DbTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return enlistment.EnlistAsync(transaction, cancellationToken);
    }
}
