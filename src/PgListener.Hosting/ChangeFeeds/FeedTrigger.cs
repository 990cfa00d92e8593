namespace PgListener.ChangeFeeds;

/// <summary>A trigger in the database.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsEnabled">Whether it fires in ordinary sessions.</param>
/// <param name="Type">Its event and kind, as in <c>pg_trigger.tgtype</c>.</param>
/// <param name="OldTable">The name of its table of old rows.</param>
/// <param name="NewTable">The name of its table of new rows.</param>
/// <param name="HasCondition">Whether it fires under a condition only.</param>
/// <param name="Version">Changes with each statement that creates, disables or enables it.</param>
internal sealed record FeedTrigger(string Name, bool IsEnabled, short Type, string? OldTable, string? NewTable, bool HasCondition, string Version)
{
    /// <summary>Whether it is as the feed's script creates it.</summary>
    public bool IsFor(FeedEvent on) => Type == on.Type && OldTable == on.OldTable && NewTable == on.NewTable && !HasCondition;
}
