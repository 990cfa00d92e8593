using System.Collections.ObjectModel;
using System.Data.Common;

namespace PgListener;

/// <summary>What a durable channel knows of a message besides its payload.</summary>
/// <remarks>A test of a handler creates one. Those that a handler gets belong to one attempt.</remarks>
public class DurableMessage
{
    /// <summary>The message's number, unique in the database. It tells copies of the same message apart from other messages; it is not the order of the channel.</summary>
    public required long Id { get; init; }

    /// <summary>The key within which messages are in order; <see langword="null"/> if the message has none.</summary>
    public string? Key { get; init; }

    /// <summary>The number of this attempt: 1 for the first. A message that is delivered again because its acknowledgement was lost begins with 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>When the message was written, by the server's clock; its transaction may have been committed later.</summary>
    public required DateTimeOffset PublishedAt { get; init; }

    /// <summary>What the publisher sent along, such as the trace context <c>traceparent</c>.</summary>
    /// <value>Empty if there is nothing.</value>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Where a stream goes on after this message: give it to <see cref="SubscriptionOptions.StartAfter"/>, in this process or in another one.</summary>
    /// <remarks>
    /// <para>Treat it as opaque. It consists of letters, digits, <c>-</c> and <c>_</c>, so it can be the id of a server-sent event; mostly it is shorter than 100 characters, and longer while many transactions write.</para>
    /// <para>It is neither secret nor signed. Everyone who can choose the position of a stream can read what the log still has of its channel.</para>
    /// </remarks>
    /// <value><see langword="null"/> for a handler, whose position the database keeps.</value>
    public virtual string? Position { get; init; }

    /// <summary>The channel's name, if it is not the one that the type names.</summary>
    internal string? Channel { get; init; }

    /// <summary>Moves the subscription's position past this message as part of a transaction of the handler's, so that work in the same database is done effectively once.</summary>
    /// <param name="transaction">The transaction, on the database of the channel. Commit it before the handler returns.</param>
    /// <param name="cancellationToken">Ends the wait, and aborts the transaction.</param>
    /// <returns>A task that completes when the server has confirmed the statement.</returns>
    /// <remarks>
    /// <para>If the transaction is committed, the message is not delivered to this subscription again. If it is not, the message has failed.</para>
    /// <para>The calls of a subscription's shard that enlist take turns, from this call to the end of the handler.</para>
    /// <para>On a message that a test has created, it does nothing.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">The transaction is neither Npgsql's nor wraps one, or is on another database.</exception>
    /// <exception cref="InvalidOperationException">Another instance has taken the subscription over; the work must be rolled back, and is done there. Or the transaction is over.</exception>
    public virtual Task EnlistAsync(DbTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return Task.CompletedTask;
    }
}
