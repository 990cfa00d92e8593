using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace PgListener.ChangeFeeds;

/// <summary>Reads and writes the payloads of feeds.</summary>
internal static class FeedPayload
{
    /// <summary>What means that anything may have changed, sent by an application instead of a trigger.</summary>
    public const string AnythingMayHaveChanged = "{\"op\":\"update\"" + Everything;

    /// <summary>The end of a payload which says that anything may have changed, and of no other: those end with an array.</summary>
    private const string Everything = ",\"all\":true}";

    /// <summary>An included column may have JSON as deep as a payload has room for. Reading it does not use the stack.</summary>
    private static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = FeedFunction.MaxBytes };

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether a payload says that anything may have changed.</summary>
    public static bool MeansEverything(string payload) => payload.EndsWith(Everything, StringComparison.Ordinal);

    /// <exception cref="FormatException">It is not the payload of a feed.</exception>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static FeedChanges Read(string payload)
    {
        using var json = JsonDocument.Parse(payload, AnyDepth);
        var root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("op", out var op) || !root.TryGetProperty("keys", out var keys) || keys.ValueKind != JsonValueKind.Array || keys.GetArrayLength() == 0)
            throw new FormatException("The payload has no operation, or no keys.");

        return new(
            OperationOf(op),
            [.. keys.EnumerateArray().Select(KeyOf)],
            root.TryGetProperty("columns", out var columns) ? [.. ItemsOf(columns).Select(TextOf).OfType<string>()] : [],
            root.TryGetProperty("values", out var values) ? [.. ItemsOf(values).Select(value => value.Clone())] : []);
    }

    public static string Write(in FeedChanges changes)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("op", changes.Operation switch
            {
                ChangeOperation.Insert => "insert",
                ChangeOperation.Update => "update",
                _ => "delete",
            });
            if (changes.Operation == ChangeOperation.Update)
                WriteTexts(json, "columns", changes.Columns);
            json.WriteStartArray("keys");
            foreach (var key in changes.Keys)
                WriteTexts(json, name: null, key.ToArray());
            json.WriteEndArray();
            if (changes.Values.Count > 0)
            {
                json.WriteStartArray("values");
                foreach (var value in changes.Values)
                    value.WriteTo(json);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static ChangeOperation OperationOf(JsonElement op) => TextOf(op) switch
    {
        "insert" => ChangeOperation.Insert,
        "update" => ChangeOperation.Update,
        "delete" => ChangeOperation.Delete,
        _ => throw new FormatException("The operation of the payload is none of insert, update and delete."),
    };

    private static ChangeKey KeyOf(JsonElement key) => new([.. ItemsOf(key).Select(TextOf)]);

    private static JsonElement.ArrayEnumerator ItemsOf(JsonElement array)
        => array.ValueKind == JsonValueKind.Array ? array.EnumerateArray() : throw new FormatException("The payload has no array where one is expected.");

    /// <summary>A number with all of its digits.</summary>
    private static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText(),
    };

    private static void WriteTexts(Utf8JsonWriter json, string? name, IEnumerable<string?> texts)
    {
        if (name is null)
            json.WriteStartArray();
        else
            json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
