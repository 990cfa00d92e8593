namespace PgListener.ChangeFeeds;

/// <summary>Names and literals in SQL.</summary>
internal static class SqlText
{
    public static string Name(string name) => ChannelName.Quote(name);

    public static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>A name with its schema.</summary>
    public static string Name(string schema, string name) => $"{Name(schema)}.{Name(name)}";

    /// <summary>A text between dollar signs, with a tag that it does not contain.</summary>
    public static string Dollars(string text)
    {
        var tag = "$feed$";
        for (var i = 1; text.Contains(tag, StringComparison.Ordinal); i++)
            tag = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"$feed{i}$");
        return $"{tag}{text}{tag}";
    }
}
