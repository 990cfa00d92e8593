namespace PgListener;

/// <summary>A channel as a type, which knows its name, how to read its payload and, if it is published, how to write it.</summary>
/// <typeparam name="TSelf">The implementing type, which payloads are parsed into.</typeparam>
/// <remarks>For payloads in JSON, implement <see cref="IJsonNotificationChannel{TSelf}"/> instead, which needs only the name.</remarks>
/// <example>
/// <code>
/// public readonly record struct CacheKey(string Value) : INotificationChannel&lt;CacheKey&gt;
/// {
///     public static string ChannelName => "cache_invalidated";
///     public static CacheKey Parse(string payload) => new(payload);
///     public static string Format(CacheKey value) => value.Value;
/// }
/// </code>
/// </example>
public interface INotificationChannel<TSelf>
    where TSelf : INotificationChannel<TSelf>
{
    /// <summary>The channel's name: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</summary>
    /// <remarks>It is the name in PostgreSQL too, unless the listener or the publisher has a prefix (<see cref="ListenerOptions.ChannelPrefix"/>) or another name for the type (<c>MapChannel</c>).</remarks>
    static abstract string ChannelName { get; }

    /// <summary>Reads a payload.</summary>
    /// <param name="payload">The text of the notification; untrusted input.</param>
    /// <returns>The value.</returns>
    /// <remarks>
    /// Any exception means that the payload is malformed. It is counted and logged, by its type and without the payload, and the next notification
    /// follows. This method may be called on several threads at a time.
    /// </remarks>
    static abstract TSelf Parse(string payload);

    /// <summary>Writes a payload, such that <see cref="Parse"/> reads the same value from it. Only a channel that is published needs it.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The text of the notification: at most 7,999 bytes in UTF-8, without the character NUL.</returns>
    /// <exception cref="NotSupportedException">The channel does not implement this method, and can only be listened to.</exception>
    static virtual string Format(TSelf value)
        => throw new NotSupportedException(
            $"{typeof(TSelf)} can be read but not published, because it does not implement Format. " +
            $"Implement public static string Format({typeof(TSelf).Name} value), the reverse of Parse; or derive from IJsonNotificationChannel, which does both.");

    /// <summary>
    /// Whether <see cref="Parse"/> reads the same value when spaces, tabs and line breaks follow the payload. With
    /// <see cref="NotificationPublisherOptions.AllowDuplicates"/> these make identical payloads distinct.
    /// </summary>
    /// <value>The default is <see langword="false"/>, and <see langword="true"/> for JSON.</value>
    static virtual bool IgnoresTrailingWhitespace => false;

    /// <summary>Whether it is an <see cref="IDurableChannel{TSelf}"/>.</summary>
    internal static virtual bool IsDurable => false;

    /// <summary>The key of a message of a durable channel.</summary>
    internal static virtual string? KeyOfMessage(TSelf value) => null;

    /// <summary>The type whose changes the channel tells; then its name and its durability are those of the feed that is registered for that type.</summary>
    internal static virtual Type? ChangedType => null;

    /// <summary>Finds the payloads which say that anything may have changed, and which become a gap; <see langword="null"/> if the channel has none.</summary>
    internal static virtual Func<string, bool>? MeansEverything => null;

    /// <summary>Checks, before the first payload arrives, whether the type can be read at all, and describes its payloads.</summary>
    /// <exception cref="NotSupportedException">The type cannot be read from any payload.</exception>
    internal static virtual PayloadShape Inspect() => PayloadShape.Unknown;
}
