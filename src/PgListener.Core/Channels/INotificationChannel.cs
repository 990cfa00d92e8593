namespace PgListener;

/// <summary>A channel as a type: it knows its name, how to read its payload and, if it is published too, how to write it.</summary>
/// <typeparam name="TSelf">The type itself, which is also what a payload is parsed into.</typeparam>
/// <remarks>For payloads in JSON implement <see cref="IJsonNotificationChannel{TSelf}"/> instead; there only the name is left to write.</remarks>
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
    /// <summary>The channel's name in PostgreSQL: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</summary>
    static abstract string ChannelName { get; }

    /// <summary>Reads a payload.</summary>
    /// <param name="payload">The text of the notification; untrusted input.</param>
    /// <returns>The value.</returns>
    /// <remarks>
    /// Any exception means that the payload is malformed. It is counted and logged, by its type and without the payload, and the next notification
    /// follows. It may be called on several threads at a time.
    /// </remarks>
    static abstract TSelf Parse(string payload);

    /// <summary>Writes a payload, such that <see cref="Parse"/> reads the same value from it. Only a channel that is published needs it.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The text of the notification: at most 7,999 bytes in UTF-8, without the character NUL.</returns>
    /// <exception cref="NotSupportedException">The channel does not implement it, and so can only be listened to.</exception>
    static virtual string Format(TSelf value)
        => throw new NotSupportedException(
            $"{typeof(TSelf)} can be read but not published, since it does not say how its payload is written. " +
            $"Implement public static string Format({typeof(TSelf).Name} value), the reverse of Parse; or derive from IJsonNotificationChannel, which does both.");

    /// <summary>
    /// Whether <see cref="Parse"/> reads the same value when spaces, tabs and line breaks follow the payload. With
    /// <see cref="NotificationPublisherOptions.AllowDuplicates"/> these make identical payloads distinct.
    /// </summary>
    /// <value><see langword="false"/> unless the channel says otherwise; <see langword="true"/> for JSON.</value>
    static virtual bool IgnoresTrailingWhitespace => false;

    /// <summary>Finds out, before the first payload arrives, whether the type can be read at all, and what its payloads look like.</summary>
    /// <exception cref="NotSupportedException">It cannot be read, whatever the payload.</exception>
    internal static virtual PayloadShape Inspect() => PayloadShape.Unknown;
}
