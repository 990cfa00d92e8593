namespace PgListener;

/// <summary>Makes a channel durable: a message is a row, written in the publisher's transaction, and each subscription gets every committed message at least once, in order.</summary>
/// <typeparam name="TSelf">The implementing type, which is also an <see cref="INotificationChannel{TSelf}"/>.</typeparam>
/// <remarks>
/// <para>The package PgListener.Durable runs durable channels: <c>AddPgListener().AddDurableChannels()</c>. Handlers and publishers are the same as for other channels.</para>
/// <para>A type is either durable or not. So a publisher cannot send a message the other way by mistake.</para>
/// </remarks>
/// <example>
/// <code>
/// public sealed record OrderPlaced(long Id, decimal Total) : IJsonNotificationChannel&lt;OrderPlaced&gt;, IDurableChannel&lt;OrderPlaced&gt;
/// {
///     public static string ChannelName => "order_placed";
///     public static string? KeyOf(OrderPlaced value) => value.Id.ToString(CultureInfo.InvariantCulture);
/// }
/// </code>
/// </example>
public interface IDurableChannel<TSelf> : INotificationChannel<TSelf>
    where TSelf : IDurableChannel<TSelf>
{
    /// <summary>Gets the key of a message. Messages with the same key are handled one after the other, in their order.</summary>
    /// <param name="value">The value that is published.</param>
    /// <returns>The key: at most 255 bytes in UTF-8, without the character NUL. <see langword="null"/> if the message has none; it is then in order only where a handler takes one message at a time.</returns>
    /// <value>The default is <see langword="null"/>.</value>
    static virtual string? KeyOf(TSelf value) => null;

    /// <inheritdoc/>
    static bool INotificationChannel<TSelf>.IsDurable => true;

    /// <inheritdoc/>
    static string? INotificationChannel<TSelf>.KeyOfMessage(TSelf value) => TSelf.KeyOf(value);
}
