using System.Globalization;

namespace PgListener.ChangeFeeds;

/// <summary>Writes the queries of a feed's function that read the rows of an event.</summary>
internal sealed class RowQueries(FeedDefinition feed)
{
    /// <summary>The alias of the rows. No column of a table has this name, which would hide the row.</summary>
    public const string Row = "pglistener_row";

    /// <summary>The length of an item of the arrays, with what separates it from the next.</summary>
    public string Length => feed.Included.Count > 0 ? "octet_length(i.key) + octet_length(i.vals) + 2" : "octet_length(i.key) + 1";

    /// <summary>One more than are told, so that more than that is noticed without reading all rows.</summary>
    public string Limit => string.Create(CultureInfo.InvariantCulture, $"LIMIT {feed.MaxKeys + 1}");

    /// <summary>The keys and values of an event that has the rows once.</summary>
    public string Simple(string rows)
    {
        var values = feed.Included.Count > 0;
        return $"""
            SELECT array_agg(c.key){(values ? ", array_agg(c.vals)" : "")}
            INTO keys{(values ? ", vals" : "")}
            FROM (
                SELECT {KeyOf(Of)} AS key{(values ? $", {ValuesOf(Of)} AS vals" : "")}
                FROM {rows} {Row}{(feed.FilterColumn is null ? "" : $"\n    WHERE {Filter}")}
                {Limit}) c;
            """;
    }

    /// <summary>Whether a row is one of the feed's.</summary>
    public string Filter => $"{Of(feed.FilterColumn!)}::text IN ({string.Join(", ", feed.FilterValues.Select(SqlText.Literal))})";

    /// <summary>The key as JSON.</summary>
    /// <param name="column">Writes a column.</param>
    public string KeyOf(Func<string, string> column) => $"json_build_array({string.Join(", ", feed.Key.Select(column))})::text";

    /// <summary>The values as JSON.</summary>
    /// <param name="column">Writes a column.</param>
    public string ValuesOf(Func<string, string> column)
        => $"json_build_object({string.Join(", ", feed.Included.Select(name => $"{SqlText.Literal(name)}, {column(name)}"))})::text";

    /// <summary>A column of the row.</summary>
    public static string Of(string column) => $"{Row}.{SqlText.Name(column)}";
}
