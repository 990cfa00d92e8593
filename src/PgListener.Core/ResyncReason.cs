namespace PgListener;

/// <summary>Why notifications may have been missed.</summary>
public enum ResyncReason
{
    /// <summary>The subscription has just begun: what was sent before was not heard.</summary>
    Started,

    /// <summary>The connection was lost and made again: what was sent meanwhile was not heard.</summary>
    Reconnected,

    /// <summary>The subscription's queue stayed full for too long: its newest notifications were dropped.</summary>
    Overflow,
}
