using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PgListener;

/// <summary>A channel whose payloads are JSON.</summary>
/// <typeparam name="TSelf">The type itself, into which the JSON is read, and from which it is written.</typeparam>
/// <remarks>
/// <see cref="INotificationChannel{TSelf}.ChannelName"/> is all that must be written. JSON is then read and written by reflection with
/// <see cref="JsonSerializerOptions.Web"/> (camel case, case-insensitive). An application that is trimmed or compiled
/// ahead of time, or wants to be faster, gives <see cref="JsonTypeInfo"/> from a source-generated context.
/// </remarks>
/// <example>
/// <code>
/// public sealed record OrderPlaced(long Id, decimal Total) : IJsonNotificationChannel&lt;OrderPlaced&gt;
/// {
///     public static string ChannelName => "order_placed";
/// }
/// </code>
/// </example>
public interface IJsonNotificationChannel<TSelf> : INotificationChannel<TSelf>
    where TSelf : IJsonNotificationChannel<TSelf>
{
    /// <summary>How the JSON is read and written; the default uses reflection.</summary>
    /// <exception cref="NotSupportedException">The default was used where reflection-based JSON is switched off, as in a trimmed or natively compiled application.</exception>
    static virtual JsonTypeInfo<TSelf> JsonTypeInfo => ReflectedJson<TSelf>.TypeInfo;

    /// <inheritdoc/>
    static TSelf INotificationChannel<TSelf>.Parse(string payload)
        => JsonSerializer.Deserialize(payload, TSelf.JsonTypeInfo)
            ?? throw new JsonException("The payload is the JSON literal null.");

    /// <inheritdoc/>
    static string INotificationChannel<TSelf>.Format(TSelf value) => JsonSerializer.Serialize(value, TSelf.JsonTypeInfo);

    /// <inheritdoc/>
    static bool INotificationChannel<TSelf>.IgnoresTrailingWhitespace => true;
}
