using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PgListener;

/// <summary>A channel whose payloads are JSON.</summary>
/// <typeparam name="TSelf">The implementing type, which the JSON is read into and written from.</typeparam>
/// <remarks>
/// <para>
/// <see cref="INotificationChannel{TSelf}.ChannelName"/> is the only member to implement. The JSON is then read and written by reflection with the settings of
/// <see cref="JsonSerializerOptions.Web"/>: camel case, and case-insensitive when reading. In addition, a type discriminator may stand anywhere in
/// its object, because <c>jsonb_build_object</c> orders keys by their length, and non-ASCII characters are not escaped.
/// </para>
/// <para>
/// An application that is trimmed or compiled ahead of time sets <see cref="JsonTypeInfo"/> to that of a source-generated context, which determines all
/// options: <c>[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, AllowOutOfOrderMetadataProperties = true)]</c> reads the same JSON.
/// </para>
/// <para>
/// A property that is missing from the JSON has its default value, unless it is marked <see langword="required"/> or
/// <see cref="System.Text.Json.Serialization.JsonRequiredAttribute"/>; then the payload is malformed. For the snake case of <c>row_to_json</c> use a
/// context with <see cref="JsonNamingPolicy.SnakeCaseLower"/>.
/// </para>
/// <para>
/// To read or write the JSON elsewhere, or around code of your own in <see cref="INotificationChannel{TSelf}.Parse"/>, call
/// <see cref="JsonNotificationChannel.Parse{TChannel}"/> and <see cref="JsonNotificationChannel.Format{TChannel}"/>.
/// </para>
/// <para>
/// Whether the type can be read at all is checked when a subscription or stream is created, and for handlers when the host starts; if not, an
/// <see cref="InvalidOperationException"/> is thrown. After that, a payload that cannot be read is malformed.
/// </para>
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
    /// <summary>The metadata by which the JSON is read and written.</summary>
    /// <value>The default uses reflection.</value>
    /// <exception cref="NotSupportedException">The default is used in an application in which reflection-based JSON is disabled, such as one that is trimmed or compiled ahead of time.</exception>
    static virtual JsonTypeInfo<TSelf> JsonTypeInfo => ReflectedJson<TSelf>.TypeInfo;

    /// <inheritdoc/>
    static TSelf INotificationChannel<TSelf>.Parse(string payload) => JsonNotificationChannel.Parse<TSelf>(payload);

    /// <inheritdoc/>
    static string INotificationChannel<TSelf>.Format(TSelf value) => JsonNotificationChannel.Format(value);

    /// <inheritdoc/>
    static bool INotificationChannel<TSelf>.IgnoresTrailingWhitespace => true;

    /// <inheritdoc/>
    static PayloadShape INotificationChannel<TSelf>.Inspect() => JsonShape.Of(TSelf.JsonTypeInfo);
}
