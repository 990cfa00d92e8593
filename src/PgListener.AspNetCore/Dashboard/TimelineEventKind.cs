namespace PgListener.Dashboard;

internal enum TimelineEventKind
{
    /// <summary>The listener's state has changed.</summary>
    State,

    /// <summary>Something is wrong that was not wrong before, or it is another thing now.</summary>
    Problem,

    /// <summary>A subscription was told, other than at its beginning, that it may have missed some.</summary>
    Gap,

    /// <summary>A callback has failed.</summary>
    Failed,

    /// <summary>Notifications were dropped because a queue was full.</summary>
    Dropped,
}
