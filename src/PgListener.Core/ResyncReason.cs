namespace PgListener;

/// <summary>Why notifications may have been missed.</summary>
public enum ResyncReason
{
    /// <summary>The subscription has just begun. What was sent before did not arrive.</summary>
    Started,

    /// <summary>The connection was lost and established again. What was sent in between did not arrive.</summary>
    Reconnected,

    /// <summary>The subscription's queue stayed full for too long, and its newest notifications were dropped.</summary>
    Overflow,

    /// <summary>On a durable channel: messages were removed from the log before the subscription had got to them, because they were older than the log keeps messages.</summary>
    Retention,
}
