using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PgListener;

/// <summary>Reads and writes JSON by reflection, where that is allowed.</summary>
internal static class ReflectedJson<T>
{
    private static JsonTypeInfo<T>? _typeInfo;

    public static JsonTypeInfo<T> TypeInfo => _typeInfo ??= Create();

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Guarded by the switch that trimming turns off; without it this throws and says what to do.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "As above.")]
    private static JsonTypeInfo<T> Create()
    {
        if (!JsonSerializer.IsReflectionEnabledByDefault)
        {
            throw new NotSupportedException(
                $"Reading and writing {typeof(T)} as JSON by reflection is switched off in this application, as it is when publishing trimmed or natively. " +
                $"Give the channel a source-generated type info: public static JsonTypeInfo<{typeof(T).Name}> JsonTypeInfo => MyJsonContext.Default.{typeof(T).Name};");
        }

        return (JsonTypeInfo<T>)JsonSerializerOptions.Web.GetTypeInfo(typeof(T));
    }
}
