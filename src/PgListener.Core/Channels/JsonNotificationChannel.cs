using System.Text.Json;

namespace PgListener;

/// <summary>Reads and writes the payloads of JSON channels outside a listener: in a channel's own <c>Parse</c>, in tests, and for payloads from other sources.</summary>
/// <example>
/// A channel that reads an older form of its payloads too:
/// <code>
/// public sealed record OrderPlaced(long Id) : IJsonNotificationChannel&lt;OrderPlaced&gt;
/// {
///     public static string ChannelName => "order_placed";
///     public static OrderPlaced Parse(string payload)
///         => long.TryParse(payload, out var id) ? new(id) : JsonNotificationChannel.Parse&lt;OrderPlaced&gt;(payload);
/// }
/// </code>
/// </example>
public static class JsonNotificationChannel
{
    /// <summary>Reads a payload with the channel's <see cref="IJsonNotificationChannel{TSelf}.JsonTypeInfo"/>.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="payload">The JSON.</param>
    /// <returns>The value; never <see langword="null"/>.</returns>
    /// <exception cref="ArgumentNullException">The payload is <see langword="null"/>.</exception>
    /// <exception cref="JsonException">The payload is not such a value, or is the literal <c>null</c>.</exception>
    /// <exception cref="NotSupportedException">The type cannot be read, or its JSON would be read by reflection in an application in which that is disabled.</exception>
    public static TChannel Parse<TChannel>(string payload)
        where TChannel : IJsonNotificationChannel<TChannel>
    {
        ArgumentNullException.ThrowIfNull(payload);
        return JsonSerializer.Deserialize(payload, TChannel.JsonTypeInfo) ?? throw new JsonException("The payload is the JSON literal null.");
    }

    /// <summary>Writes a payload with the channel's <see cref="IJsonNotificationChannel{TSelf}.JsonTypeInfo"/>.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="value">The value.</param>
    /// <returns>The JSON. Whether it is short enough for a notification is checked when it is published.</returns>
    /// <exception cref="NotSupportedException">The type cannot be written, or its JSON would be written by reflection in an application in which that is disabled.</exception>
    public static string Format<TChannel>(TChannel value)
        where TChannel : IJsonNotificationChannel<TChannel>
        => JsonSerializer.Serialize(value, TChannel.JsonTypeInfo);
}
