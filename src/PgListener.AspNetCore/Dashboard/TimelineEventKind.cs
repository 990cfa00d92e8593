namespace PgListener.Dashboard;

internal enum TimelineEventKind
{
    /// <summary>The listener's state has changed.</summary>
    State,

    /// <summary>There is a new problem, or a different one.</summary>
    Problem,

    /// <summary>A subscription may have missed notifications, after a reconnect or because its queue was full.</summary>
    Gap,

    /// <summary>A callback has failed.</summary>
    Failed,

    /// <summary>Notifications were dropped because a queue was full.</summary>
    Dropped,

    /// <summary>Shards of a durable channel have got another holder.</summary>
    Takeover,
}
