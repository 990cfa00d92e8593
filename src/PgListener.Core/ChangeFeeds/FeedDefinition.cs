namespace PgListener.ChangeFeeds;

/// <summary>What a feed is. Names are as they are in the database.</summary>
/// <param name="Schema">The table's schema.</param>
/// <param name="Table">The table.</param>
internal sealed record FeedDefinition(string Schema, string Table)
{
    public const int DefaultMaxKeys = 1_000;

    /// <summary>The columns of the key, in order.</summary>
    public IReadOnlyList<string> Key { get; init; } = [];

    /// <summary>The watched columns; none for all.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>The columns whose values are carried with each key.</summary>
    public IReadOnlyList<string> Included { get; init; } = [];

    /// <summary>The column that tells the rows of the feed from others of the table; <see langword="null"/> if all rows are the feed's.</summary>
    public string? FilterColumn { get; init; }

    /// <summary>The values of that column that the rows of the feed have, as text.</summary>
    public IReadOnlyList<string> FilterValues { get; init; } = [];

    /// <summary>Whether the trigger publishes on a durable channel.</summary>
    public bool IsDurable { get; init; }

    /// <summary>The channel that was given.</summary>
    public string? GivenChannel { get; init; }

    /// <summary>The name of the function that was given.</summary>
    public string? GivenName { get; init; }

    /// <summary>The prefix that the listener has.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>How many keys of one statement are told one by one.</summary>
    public int MaxKeys { get; init; } = DefaultMaxKeys;

    /// <summary>The channel's name in the application.</summary>
    public string Channel => GivenChannel ?? FeedNames.ChannelOf(Schema, Table, FilterValues);

    /// <summary>The channel's name in the database.</summary>
    public string ServerChannel => Prefix + Channel;

    /// <summary>The function's name, and the beginning of the names of its triggers.</summary>
    public string Function => FeedNames.FunctionOf(Table, FilterValues, GivenName);

    /// <summary>The columns that a change is noticed in, besides those that are watched: without them, a row would come or go unnoticed.</summary>
    public IReadOnlyList<string> Noticed => [.. Key.Concat(FilterColumn is null ? [] : [FilterColumn]).Concat(Columns).Distinct(StringComparer.Ordinal)];

    /// <summary>All columns that it names.</summary>
    public IReadOnlyList<string> Named => [.. Noticed.Concat(Included).Distinct(StringComparer.Ordinal)];

    /// <summary>The table's name for messages.</summary>
    public string DisplayName => $"{Schema}.{Table}";

    /// <summary>What this feed and another one have in common that only one feed can have, as the end of a sentence about both; <see langword="null"/> if there is nothing.</summary>
    public string? ConflictWith(FeedDefinition other)
    {
        if (Schema == other.Schema && Function == other.Function)
            return $"have the same function {Schema}.{Function}, so the Script of each replaces the feed of the other. Give one of them another name and channel: .Named(…).Channel(…).";
        return Channel == other.Channel
            ? $"have the same channel '{ChannelName.Show(Channel)}', so each would receive the changes of the other. Give one of them another: .Channel(…)."
            : null;
    }
}
