using System.Security.Cryptography;
using System.Text;

namespace PgListener.ChangeFeeds;

/// <summary>The names that a feed has in the database. PostgreSQL would cut a long one short, and so make two of them the same.</summary>
internal static class FeedNames
{
    /// <summary>The longest suffix of a trigger.</summary>
    private const string LongestSuffix = "_truncate";

    /// <summary>The channel of a feed that names none.</summary>
    public static string ChannelOf(string schema, string table, IReadOnlyList<string> values)
        => Cut($"changes:{schema}.{table}{(values.Count > 0 ? $":{string.Join(',', values)}" : "")}", ChannelName.MaxBytes);

    /// <summary>The channel that a type of changes has while no feed is registered for it.</summary>
    public static string ChannelOf(Type type) => Cut($"changes:{type.Name}", ChannelName.MaxBytes);

    /// <summary>The function of a feed, and the beginning of the names of its triggers.</summary>
    public static string FunctionOf(string table, IReadOnlyList<string> values, string? given)
        => Cut(given ?? $"{table}{(values.Count > 0 ? $"_{string.Join('_', values)}" : "")}_changes", ChannelName.MaxBytes - LongestSuffix.Length);

    /// <summary>The trigger of an event.</summary>
    public static string TriggerOf(string function, FeedEvent on) => $"{function}_{on.Name}";

    /// <summary>Shortens a name to a number of bytes, with a hash at its end that tells it apart from others that begin alike.</summary>
    private static string Cut(string name, int maxBytes)
    {
        if (Encoding.UTF8.GetByteCount(name) <= maxBytes)
            return name;

        var hash = $"_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..8]}";
        var kept = new StringBuilder();
        var bytes = hash.Length;
        foreach (var rune in name.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > maxBytes)
                break;
            kept.Append(rune.ToString());
        }

        return kept.Append(hash).ToString();
    }
}
