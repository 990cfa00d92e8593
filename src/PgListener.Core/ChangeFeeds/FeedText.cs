using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace PgListener.ChangeFeeds;

/// <summary>Writes a feed's definition as text that is the same for the same feed, and reads it again.</summary>
internal static class FeedText
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(FeedDefinition feed)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("schema", feed.Schema);
            json.WriteString("table", feed.Table);
            WriteNames(json, "key", feed.Key);
            WriteNames(json, "columns", feed.Columns);
            WriteNames(json, "include", feed.Included);
            WriteIfSet(json, "whereColumn", feed.FilterColumn);
            WriteNames(json, "whereValues", feed.FilterValues);
            WriteIfSet(json, "channel", feed.GivenChannel);
            WriteIfSet(json, "name", feed.GivenName);
            WriteIfSet(json, "prefix", feed.Prefix.Length == 0 ? null : feed.Prefix);
            if (feed.MaxKeys != FeedDefinition.DefaultMaxKeys)
                json.WriteNumber("maxKeys", feed.MaxKeys);
            if (feed.IsDurable)
                json.WriteBoolean("durable", true);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <exception cref="FormatException">The text is not that of a feed.</exception>
    public static FeedDefinition Read(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            var feed = json.RootElement;
            return new(feed.GetProperty("schema").GetString()!, feed.GetProperty("table").GetString()!)
            {
                Key = NamesIn(feed, "key"),
                Columns = NamesIn(feed, "columns"),
                Included = NamesIn(feed, "include"),
                FilterColumn = TextIn(feed, "whereColumn"),
                FilterValues = NamesIn(feed, "whereValues"),
                GivenChannel = TextIn(feed, "channel"),
                GivenName = TextIn(feed, "name"),
                Prefix = TextIn(feed, "prefix") ?? "",
                MaxKeys = feed.TryGetProperty("maxKeys", out var maxKeys) ? maxKeys.GetInt32() : FeedDefinition.DefaultMaxKeys,
                IsDurable = feed.TryGetProperty("durable", out var durable) && durable.GetBoolean(),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException("The text is not the definition of a change feed.", e);
        }
    }

    private static void WriteIfSet(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static void WriteNames(Utf8JsonWriter json, string name, IReadOnlyList<string> names)
    {
        if (names.Count == 0)
            return;

        json.WriteStartArray(name);
        foreach (var one in names)
            json.WriteStringValue(one);
        json.WriteEndArray();
    }

    private static string? TextIn(JsonElement feed, string name) => feed.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static string[] NamesIn(JsonElement feed, string name) => feed.TryGetProperty(name, out var names) ? [.. names.EnumerateArray().Select(one => one.GetString()!)] : [];
}
