using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PgListener;

/// <summary>Reads and writes JSON by reflection, where that is allowed.</summary>
internal static class ReflectedJson<T>
{
    private static JsonTypeInfo<T>? _typeInfo;

    public static JsonTypeInfo<T> TypeInfo => _typeInfo ??= Create();

    private static JsonTypeInfo<T> Create()
    {
        if (!JsonSerializer.IsReflectionEnabledByDefault)
        {
            throw new NotSupportedException(
                $"Reading and writing {typeof(T)} as JSON by reflection is disabled in this application, as in every application that is published trimmed or with native AOT. " +
                $"Give the channel a source-generated type info: public static JsonTypeInfo<{typeof(T).Name}> JsonTypeInfo => MyJsonContext.Default.{typeof(T).Name};");
        }

        return (JsonTypeInfo<T>)ReflectedJson.Options.GetTypeInfo(typeof(T));
    }
}

/// <summary>How JSON is read and written by reflection.</summary>
internal static class ReflectedJson
{
    private static JsonSerializerOptions? _options;

    public static JsonSerializerOptions Options => _options ??= Create();

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Used only where reflection is allowed; trimming disables it.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "As above.")]
    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            // PostgreSQL orders the keys of a jsonb value by their length, so a discriminator is not the first of them.
            AllowOutOfOrderMetadataProperties = true,
            // A payload has at most 7,999 bytes, and is not embedded in a page, so an é need not take six of them.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        };
        options.MakeReadOnly();
        return options;
    }
}
