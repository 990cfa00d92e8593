using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PgListener;

/// <summary>Finds out what a type's JSON looks like, and whether it can be read at all.</summary>
internal static class JsonShape
{
    /// <summary>Looks at a type and all types within it.</summary>
    /// <exception cref="NotSupportedException">The type, or one within it, cannot be read from any payload.</exception>
    public static PayloadShape Of<T>(JsonTypeInfo<T>? type)
    {
        if (type is null)
            throw new NotSupportedException($"{typeof(T).Name}.JsonTypeInfo is null.");

        ThrowIfUnreadable(type);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var seen = new HashSet<Type>();
        var open = new Stack<JsonTypeInfo>([type]);
        while (open.TryPop(out var next))
        {
            if (!seen.Add(next.Type))
                continue;

            names.UnionWith(next.Properties.Select(property => property.Name));
            foreach (var inner in TypesIn(next))
                open.Push(next.Options.GetTypeInfo(inner));
        }

        var options = type.Options;
        return PayloadShape.OfJson(
            names,
            OwnNames(type),
            new() { AllowTrailingCommas = options.AllowTrailingCommas, CommentHandling = options.ReadCommentHandling, MaxDepth = options.MaxDepth });
    }

    /// <summary>Reads an empty value, only to find out whether the type can be read; the result does not matter.</summary>
    private static void ThrowIfUnreadable<T>(JsonTypeInfo<T> type)
    {
        if (type.Kind == JsonTypeInfoKind.None || type.PolymorphismOptions is { DerivedTypes.Count: > 0 })
            return; // A converter, which decides by itself what it reads; or a type that payloads name.

        try
        {
            _ = JsonSerializer.Deserialize(type.Kind == JsonTypeInfoKind.Enumerable ? "[]" : "{}", type);
        }
        catch (Exception e) when (e is not NotSupportedException)
        {
            // A required property is missing, or the type checks its values, so the type can be read.
        }
    }

    private static IEnumerable<Type> TypesIn(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.CustomConverter is null && (property.Get is not null || property.Set is not null))
                yield return property.PropertyType;
        }

        if (type.ElementType is { } element)
            yield return element;
        foreach (var derived in type.PolymorphismOptions?.DerivedTypes ?? [])
            yield return derived.DerivedType;
    }

    private static HashSet<string>? OwnNames(JsonTypeInfo type)
    {
        JsonTypeInfo[] types = [type, .. (type.PolymorphismOptions?.DerivedTypes ?? []).Select(derived => type.Options.GetTypeInfo(derived.DerivedType))];
        var properties = types.SelectMany(info => info.Properties).ToArray();
        return Array.TrueForAll(types, info => info.Kind == JsonTypeInfoKind.Object) && properties.Length > 0 && !Array.Exists(properties, property => property.IsExtensionData)
            ? new(properties.Select(property => property.Name), type.Options.PropertyNameCaseInsensitive ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal)
            : null;
    }
}
