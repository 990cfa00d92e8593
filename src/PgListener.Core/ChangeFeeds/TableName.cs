using System.Text;

namespace PgListener.ChangeFeeds;

/// <summary>Reads the name of a table as SQL does: parts in quotes are taken as they are, others are folded to lower case.</summary>
internal static class TableName
{
    private const string Default = "public";

    /// <exception cref="ArgumentException">The text is not the name of a table.</exception>
    public static (string Schema, string Table) Parse(string text, string parameter)
    {
        var parts = new List<string>();
        for (var at = 0; ;)
        {
            parts.Add(ReadPart(text, ref at, parameter));
            if (at == text.Length)
                break;
            if (text[at++] != '.')
                throw Malformed(text, parameter);
        }

        return parts switch
        {
            [var table] => (Default, table),
            [var schema, var table] => (schema, table),
            _ => throw Malformed(text, parameter),
        };
    }

    private static string ReadPart(string text, ref int at, string parameter)
    {
        var part = new StringBuilder();
        if (at < text.Length && text[at] == '"')
        {
            for (at++; ; at++)
            {
                if (at == text.Length)
                    throw Malformed(text, parameter);
                if (text[at] == '"' && (++at == text.Length || text[at] != '"'))
                    break; // Two quotes within a part stand for one.
                part.Append(text[at]);
            }
        }
        else
        {
            // PostgreSQL folds the letters of ASCII only, where the database is in UTF-8.
            for (; at < text.Length && text[at] != '.'; at++)
            {
                if (text[at] is '"' or ' ')
                    throw Malformed(text, parameter);
                part.Append(char.IsAsciiLetterUpper(text[at]) ? char.ToLowerInvariant(text[at]) : text[at]);
            }
        }

        return part.Length > 0 ? part.ToString() : throw Malformed(text, parameter);
    }

    private static ArgumentException Malformed(string text, string parameter)
        => new($"'{ChannelName.Show(text)}' is not the name of a table. Write it as in SQL, products, public.products or \"Shop\".\"Products\"; or call ChangeFeed.For(schema, table), which takes the names as they are.", parameter);
}
