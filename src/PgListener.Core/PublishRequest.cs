using System.Data.Common;

namespace PgListener;

/// <summary>The notifications that one call publishes in the same transaction, and the connection or transaction to publish them on. The extension methods of <see cref="NotificationPublisherExtensions"/> create it.</summary>
/// <remarks>A fake publisher reads <see cref="Values"/>; a decorator passes the request on. It belongs to one call, and is not thread-safe.</remarks>
public abstract class PublishRequest
{
    private protected PublishRequest(DbConnection? connection, DbTransaction? transaction)
    {
        Connection = connection;
        Transaction = transaction;
    }

    /// <summary>The channel's name from the caller or the channel's type, without a prefix, and not checked yet. The publisher may have another name for the type.</summary>
    public abstract string Channel { get; }

    /// <summary>The channel's type.</summary>
    /// <value><see langword="null"/> if text is published unchanged.</value>
    public abstract Type? ChannelType { get; }

    /// <summary>Whether the channel's type is an <see cref="IDurableChannel{TSelf}"/>.</summary>
    public abstract bool IsDurable { get; }

    /// <summary>The values, in their order; if text is published unchanged, the payloads.</summary>
    /// <value>May be empty.</value>
    /// <exception cref="ArgumentException">A value is <see langword="null"/>.</exception>
    public abstract IReadOnlyList<object> Values { get; }

    /// <summary>The caller's connection to publish on.</summary>
    /// <value><see langword="null"/> to use a connection of the publisher, and with a <see cref="Transaction"/>.</value>
    public DbConnection? Connection { get; }

    /// <summary>The caller's transaction to publish in.</summary>
    /// <value><see langword="null"/> without one.</value>
    public DbTransaction? Transaction { get; }

    /// <summary>Writes the payloads as the channel does. They are neither checked nor made distinct yet.</summary>
    /// <returns>One payload for each of <see cref="Values"/>.</returns>
    /// <exception cref="ArgumentException">A value is <see langword="null"/>.</exception>
    /// <exception cref="NotSupportedException">The channel does not implement <c>Format</c>.</exception>
    public IReadOnlyList<string> WritePayloads()
    {
        var payloads = new string[Count];
        for (var i = 0; i < payloads.Length; i++)
            payloads[i] = PayloadAt(i);
        return payloads;
    }

    /// <summary>How many notifications there are.</summary>
    internal abstract int Count { get; }

    /// <summary>Whether readers of the channel ignore white space at the end, so that it can make equal payloads distinct.</summary>
    internal abstract bool IgnoresTrailingWhitespace { get; }

    /// <summary>Writes one payload. It is not checked yet.</summary>
    internal abstract string PayloadAt(int index);

    /// <summary>The key of a message of a durable channel.</summary>
    internal abstract string? KeyAt(int index);
}
