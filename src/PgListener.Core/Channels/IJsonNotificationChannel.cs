using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PgListener;

/// <summary>A channel whose payloads are JSON.</summary>
/// <typeparam name="TSelf">The type itself, into which the JSON is read.</typeparam>
/// <remarks>
/// <see cref="INotificationChannel{TSelf}.ChannelName"/> is all that must be written. JSON is then read by reflection with
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
    /// <summary>How the JSON is read; the default reads by reflection.</summary>
    /// <exception cref="InvalidOperationException">The default was used where reflection-based JSON is switched off, as in a trimmed or natively compiled application.</exception>
    static virtual JsonTypeInfo<TSelf> JsonTypeInfo => ReflectedJson<TSelf>.TypeInfo;

    /// <inheritdoc/>
    static TSelf INotificationChannel<TSelf>.Parse(string payload)
        => JsonSerializer.Deserialize(payload, TSelf.JsonTypeInfo)
            ?? throw new JsonException("The payload is the JSON literal null.");
}

internal static class ReflectedJson<T>
{
    private static JsonTypeInfo<T>? s_typeInfo;

    public static JsonTypeInfo<T> TypeInfo => s_typeInfo ??= Create();

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Guarded by the switch that trimming turns off; without it this throws and says what to do.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "As above.")]
    private static JsonTypeInfo<T> Create()
    {
        if (!JsonSerializer.IsReflectionEnabledByDefault)
        {
            throw new InvalidOperationException(
                $"Reading JSON into {typeof(T)} by reflection is switched off in this application, as it is when publishing trimmed or natively. " +
                $"Give the channel a source-generated type info: public static JsonTypeInfo<{typeof(T).Name}> JsonTypeInfo => MyJsonContext.Default.{typeof(T).Name};");
        }

        return (JsonTypeInfo<T>)JsonSerializerOptions.Web.GetTypeInfo(typeof(T));
    }
}
