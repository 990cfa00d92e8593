namespace PgListener.Dashboard;

internal enum TimelineEventKind
{
    /// <summary>The listener's state has changed.</summary>
    State,

    /// <summary>Something is wrong that was not wrong before, or it is another thing now.</summary>
    Problem,

    /// <summary>A subscription may have missed some: after a reconnect, or because its queue was full.</summary>
    Gap,

    /// <summary>A callback has failed.</summary>
    Failed,

    /// <summary>Notifications were dropped because a queue was full.</summary>
    Dropped,
}
