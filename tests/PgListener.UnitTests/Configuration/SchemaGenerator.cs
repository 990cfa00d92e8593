using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PgListener.UnitTests.Configuration;

/// <summary>
/// Makes the JSON schema of appsettings.json from the options themselves: names, types and defaults from their properties,
/// ranges from their validators, texts from their documentation.
/// </summary>
internal static class SchemaGenerator
{
    /// <summary>Days, hours, minutes, seconds and fractions. Not "24:00:00" or "24", which .NET takes for days, since hardly anybody means that.</summary>
    private const string TimeSpanPattern = @"^([0-9]{1,8}\.)?([01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9](\.[0-9]{1,7})?)?$";

    private const string Handler = "pgListenerHandler";
    private const string Named = "pgListenerNamed";

    /// <summary>The section of the package PgListener.Durable, within a listener's and within a handler's.</summary>
    private const string Durable = "Durable";

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Generate()
    {
        var schema = new JsonObject
        {
            ["definitions"] = new JsonObject
            {
                [Handler] = WithDurable(ObjectOf(typeof(HandlerOptions), others: false), typeof(DurableHandlerOptions)),
                [Named] = Listener("The settings of the listener that was added with this name.", others: false),
            },
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                [PgListenerOptions.SectionName] = Listener(XmlDocs.Of(typeof(PgListenerOptions)), others: Reference(Named)),
            },
        };
        return schema.ToJsonString(Format).ReplaceLineEndings("\n") + "\n";
    }

    private static JsonObject Listener(string description, JsonNode others)
    {
        var schema = ObjectOf(typeof(PgListenerOptions), others);
        var handlers = typeof(PgListenerOptions).GetField(PgListenerOptions.HandlersName, BindingFlags.Instance | BindingFlags.NonPublic)!;
        schema["description"] = description;
        schema["properties"]![PgListenerOptions.HandlersName] = new JsonObject
        {
            ["type"] = "object",
            ["description"] = XmlDocs.Of(handlers),
            ["additionalProperties"] = Reference(Handler),
        };
        return WithDurable(schema, typeof(DurableChannelOptions));
    }

    private static JsonObject WithDurable(JsonObject schema, Type options)
    {
        schema["properties"]![Durable] = ObjectOf(options, others: false);
        return schema;
    }

    private static JsonObject ObjectOf(Type options, JsonNode others)
    {
        var properties = new JsonObject();
        foreach (var setting in OptionTree.SettingsOf(options).OrderBy(setting => setting.Name, StringComparer.Ordinal))
            properties.Add(setting.Name, Setting(setting));
        return new() { ["type"] = "object", ["description"] = XmlDocs.Of(options), ["properties"] = properties, ["additionalProperties"] = others };
    }

    private static JsonObject Setting(PropertyInfo setting)
    {
        var type = Nullable.GetUnderlyingType(setting.PropertyType) ?? setting.PropertyType;
        JsonObject schema;
        if (type.IsEnum)
            schema = new() { ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(name => JsonValue.Create(name))]) };
        else if (type == typeof(TimeSpan))
            schema = new() { ["type"] = "string", ["pattern"] = TimeSpanPattern };
        else if (type == typeof(string))
            schema = new() { ["type"] = "string" };
        else if (type == typeof(bool))
            schema = new() { ["type"] = "boolean" };
        else if (type == typeof(int) || type == typeof(long))
            schema = new() { ["type"] = "integer" };
        else if (type.IsClass)
            schema = ObjectOf(type, others: false);
        else
            throw new NotSupportedException($"{setting.Name} is of a type that the schema cannot express yet.");

        schema["description"] = XmlDocs.Of(setting);
        if (!type.IsClass || type == typeof(string))
            AddDefault(schema, setting);
        if (schema["type"]?.GetValue<string>() == "integer" && SettingRange.Of(setting) is { } range)
            AddRange(schema, range);
        return schema;
    }

    private static void AddDefault(JsonObject schema, PropertyInfo setting)
    {
        var value = setting.GetValue(Activator.CreateInstance(setting.ReflectedType!));
        if (value is not null)
            schema["default"] = value is bool or int or long ? JsonSerializer.SerializeToNode(value) : Convert.ToString(value, CultureInfo.InvariantCulture);
    }

    private static void AddRange(JsonObject schema, SettingRange range)
    {
        schema["minimum"] = long.Parse(range.Least, CultureInfo.InvariantCulture);
        if (long.Parse(range.Most, CultureInfo.InvariantCulture) is < long.MaxValue and var most)
            schema["maximum"] = most;
    }

    private static JsonObject Reference(string definition) => new() { ["$ref"] = $"#/definitions/{definition}" };
}
