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

    private static string Cut(string name, int maxBytes) => ChannelName.Shorten(name, maxBytes, separator: '_', hashLength: 8);
}
