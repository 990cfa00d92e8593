namespace PgListener;

/// <summary>A channel as a type: it knows its name and how to read its payload.</summary>
/// <typeparam name="TSelf">The type itself, which is also what a payload is parsed into.</typeparam>
/// <remarks>For payloads in JSON implement <see cref="IJsonNotificationChannel{TSelf}"/> instead; there only the name is left to write.</remarks>
/// <example>
/// <code>
/// public readonly record struct CacheKey(string Value) : INotificationChannel&lt;CacheKey&gt;
/// {
///     public static string ChannelName => "cache_invalidated";
///     public static CacheKey Parse(string payload) => new(payload);
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
    /// <remarks>Any exception but a <see cref="NotSupportedException"/> means that the payload is malformed: that is logged without the payload, and the next notification goes on.</remarks>
    static abstract TSelf Parse(string payload);
}
