namespace PgListener;

/// <summary>Why notifications may have been missed.</summary>
public enum ResyncReason
{
    /// <summary>The subscription has just begun. What was sent before did not arrive. On a stream of a durable channel also: the position after which it was to begin means nothing here.</summary>
    Started,

    /// <summary>
    /// The connection was lost and established again. What was sent in between did not arrive. A durable channel continues where it was; only a stream hears of it, and only if the server has crashed
    /// or is another one, because it then cannot tell for certain what it had got.
    /// </summary>
    Reconnected,

    /// <summary>The subscription's queue stayed full for too long, and its newest notifications were dropped.</summary>
    Overflow,

    /// <summary>On a durable channel: messages were removed from the log before the subscription or stream had got to them, because they were older than the log keeps messages.</summary>
    Retention,

    /// <summary>
    /// Anything in the table of a <see cref="ChangeFeed"/> may have changed: after a <c>TRUNCATE</c>, a statement with more rows than the feed lists, an error in the trigger, a row that does not fit into a
    /// notification, or the repair of a feed that was missing or disabled. It does not count as a gap in statistics, metrics and health.
    /// </summary>
    Everything,
}
