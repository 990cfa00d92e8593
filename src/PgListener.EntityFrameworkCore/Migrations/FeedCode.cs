using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using PgListener.ChangeFeeds;

namespace PgListener.EntityFrameworkCore.Migrations;

/// <summary>Writes the calls in C# that migrations contain for feeds.</summary>
internal static class FeedCode
{
    private const string Default = "public";

    public static string Create(FeedDefinition feed)
        => $"CreateChangeFeed(\n{Table(feed)},\n    feed: feed => feed{string.Concat(Calls(feed))})";

    public static string Drop(FeedDefinition feed)
        => $"DropChangeFeed(\n{Table(feed)}{(feed.Function == FeedNames.FunctionOf(feed.Table, [], given: null) ? "" : $",\n    name: {Literal(feed.Function)}")})";

    private static string Table(FeedDefinition feed)
        => $"{(feed.Schema == Default ? "" : $"    schema: {Literal(feed.Schema)},\n")}    table: {Literal(feed.Table)}";

    private static IEnumerable<string> Calls(FeedDefinition feed)
    {
        yield return Call("Key", feed.Key);
        if (feed.Columns.Count > 0)
            yield return Call("Columns", feed.Columns);
        if (feed.Included.Count > 0)
            yield return Call("Include", feed.Included);
        if (feed.FilterColumn is { } column)
            yield return Call("Where", [column, .. feed.FilterValues]);
        if (feed.IsDurable)
            yield return ".Durable()";
        if (feed.GivenChannel is { } channel)
            yield return Call("Channel", [channel]);
        if (feed.Prefix.Length > 0)
            yield return Call("ChannelPrefix", [feed.Prefix]);
        if (feed.MaxKeys != FeedDefinition.DefaultMaxKeys)
            yield return string.Create(CultureInfo.InvariantCulture, $".MaxKeys({feed.MaxKeys})");
        if (feed.GivenName is { } name)
            yield return Call("Named", [name]);
    }

    private static string Call(string method, IReadOnlyList<string> names) => $".{method}({string.Join(", ", names.Select(Literal))})";

    /// <summary>JSON escapes in strings what C# does, and in a way that C# understands.</summary>
    private static string Literal(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
