namespace PgListener.ChangeFeeds;

/// <summary>What the database has of a feed.</summary>
internal sealed record FeedShape
{
    public required string Database { get; init; }

    public required bool HasTable { get; init; }

    /// <summary>The columns that the feed names and the table lacks.</summary>
    public required IReadOnlyList<string> MissingColumns { get; init; }

    /// <summary>The body of the function; <see langword="null"/> if there is none.</summary>
    public required string? Body { get; init; }

    public required bool IsSecurityDefiner { get; init; }

    public required IReadOnlyList<string> Settings { get; init; }

    /// <summary>Changes with each statement that creates or alters the function.</summary>
    public required string FunctionVersion { get; init; }

    /// <summary>The owner of the function.</summary>
    public required string? Owner { get; init; }

    /// <summary>Whether the owner may publish on durable channels.</summary>
    public required bool MayPublish { get; init; }

    /// <summary>Another table on which the function's triggers are.</summary>
    public required string? OtherTable { get; init; }

    /// <summary>The table's triggers that call the function.</summary>
    public required IReadOnlyList<FeedTrigger> Triggers { get; init; }

    /// <summary>Changes with each statement that creates, disables, enables or drops a part of the feed.</summary>
    public string Version => string.Join(' ', Triggers.Select(trigger => trigger.Version).Order(StringComparer.Ordinal).Prepend(FunctionVersion));
}
