using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace PgListener.HybridCaching;

/// <summary>What is removed, as JSON: <c>{"from":"…","keys":["product:1"],"tags":["products"],"all":true,"at":…}</c>. Each part may be missing, so that other programs can write it too.</summary>
/// <param name="From">The instance that has sent it, which ignores it.</param>
/// <param name="Keys">Keys to remove from local levels.</param>
/// <param name="Tags">Tags whose values are removed; <c>*</c> stands for all values, in the shared level too.</param>
/// <param name="All">Whether local levels are cleared.</param>
/// <param name="At">The moment of the removal by the sender's clock, in ticks.</param>
internal sealed record InvalidationMessage(string? From, IReadOnlyList<string> Keys, IReadOnlyList<string> Tags, bool All, long? At)
{
    /// <summary>PostgreSQL allows 7,999.</summary>
    internal const int MaxBytes = 7900;

    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>How many things are removed.</summary>
    public int Count => Keys.Count + Tags.Count + (All ? 1 : 0);

    /// <summary>Writes as few payloads as it fits in. A key or tag that does not fit in one, or that is no valid Unicode, is replaced by everything.</summary>
    public IReadOnlyList<string> Write()
    {
        var begin = string.Create(CultureInfo.InvariantCulture, $"{{\"from\":\"{From}\",\"at\":{At ?? 0}");
        var (keys, allOfKeys) = Encode(Keys, MaxBytes - begin.Length - 20);
        var (tags, allOfTags) = Encode(Tags, MaxBytes - begin.Length - 20);
        var payloads = new List<string>();
        Add(payloads, begin, "keys", keys);
        Add(payloads, begin, "tags", allOfTags ? [new($"\"{Tag.All}\"", 3)] : tags);
        if (All || allOfKeys)
            payloads.Add(begin + ",\"all\":true}");
        return payloads;
    }

    /// <summary>Reads a payload.</summary>
    /// <returns><see langword="null"/> if it is malformed.</returns>
    public static InvalidationMessage? Read(string payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload);
            var root = document.RootElement;
            return new(
                root.TryGetProperty("from", out var from) ? from.GetString() : null,
                Texts(root, "keys"),
                Texts(root, "tags"),
                root.TryGetProperty("all", out var all) && all.GetBoolean(),
                root.TryGetProperty("at", out var at) && at.TryGetInt64(out var ticks) && ticks > 0 ? ticks : null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string[] Texts(JsonElement root, string name)
        => root.TryGetProperty(name, out var texts) ? [.. texts.EnumerateArray().Select(static text => text.GetString() ?? throw new JsonException())] : [];

    private static (List<Item> Items, bool DoNotFit) Encode(IReadOnlyList<string> texts, int most)
    {
        var (items, doNotFit) = (new List<Item>(texts.Count), false);
        foreach (var text in texts)
        {
            if (IsUnicode(text) && $"\"{Encoder.Encode(text)}\"" is var item && Encoding.UTF8.GetByteCount(item) is var bytes && bytes <= most)
                items.Add(new(item, bytes));
            else
                doNotFit = true;
        }

        return (items, doNotFit);
    }

    private static void Add(List<string> payloads, string begin, string name, IReadOnlyList<Item> items)
    {
        var payload = new StringBuilder();
        var bytes = 0;
        foreach (var item in items)
        {
            if (payload.Length > 0 && bytes + item.Bytes + 3 > MaxBytes)
                End();
            if (payload.Length == 0)
            {
                payload.Append(CultureInfo.InvariantCulture, $"{begin},\"{name}\":[");
                bytes = payload.Length;
            }
            else
            {
                payload.Append(',');
                bytes++;
            }

            payload.Append(item.Json);
            bytes += item.Bytes;
        }

        if (payload.Length > 0)
            End();

        void End()
        {
            payloads.Add(payload.Append("]}").ToString());
            payload.Clear();
        }
    }

    private static bool IsUnicode(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return false;
            i++;
        }

        return true;
    }

    /// <summary>A text as JSON, with its length in UTF-8.</summary>
    private readonly record struct Item(string Json, int Bytes);
}
