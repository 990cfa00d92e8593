using System.Data.Common;
using PgListener.Durable.Walks;

namespace PgListener.Durable.Streams;

/// <summary>A message as a stream has it. Its position is written when it is asked for.</summary>
internal sealed class StreamedMessage(StreamPage page, int index, PositionTokens tokens) : DurableMessage
{
    public override string? Position => tokens.Write(page.AfterMessage(index));

    /// <summary>Creates the message.</summary>
    /// <param name="page">The page that has it.</param>
    /// <param name="index">Its place there.</param>
    /// <param name="channel">The channel's name in the application.</param>
    /// <param name="tokens">Writes positions.</param>
    public static StreamedMessage Of(StreamPage page, int index, string channel, PositionTokens tokens)
    {
        var message = page.Page.Messages[index];
        return new(page, index, tokens) { Id = message.Id, Key = message.Key, PublishedAt = message.PublishedAt, Channel = channel, Headers = HeadersJson.Read(message.Headers) };
    }

    public override Task EnlistAsync(DbTransaction transaction, CancellationToken cancellationToken = default)
        => throw new InvalidOperationException("A stream acknowledges nothing, so its messages cannot be enlisted. Keep the message's Position, or use a handler, whose position is in the database.");
}
