namespace PgListener.ChangeFeeds;

/// <summary>An event that a feed has a trigger for.</summary>
/// <param name="Name">Its name in those of triggers, in lower case.</param>
/// <param name="Type">The bits of an AFTER trigger FOR EACH STATEMENT of this event, as in <c>pg_trigger.tgtype</c>.</param>
/// <param name="OldTable">The name of the transition table with the rows as they were.</param>
/// <param name="NewTable">The name of the transition table with the rows as they are.</param>
internal sealed record FeedEvent(string Name, short Type, string? OldTable, string? NewTable)
{
    public const string OldRows = "old_rows";
    public const string NewRows = "new_rows";

    public static IReadOnlyList<FeedEvent> All { get; } =
    [
        new("insert", 4, null, NewRows),
        new("update", 16, OldRows, NewRows),
        new("delete", 8, OldRows, null),
        new("truncate", 32, null, null),
    ];

    /// <summary>The clause of the trigger that names its transition tables.</summary>
    public string Referencing => (OldTable, NewTable) switch
    {
        (null, null) => "",
        (null, { } rows) => $" REFERENCING NEW TABLE AS {rows}",
        ({ } rows, null) => $" REFERENCING OLD TABLE AS {rows}",
        ({ } old, { } rows) => $" REFERENCING OLD TABLE AS {old} NEW TABLE AS {rows}",
    };
}
