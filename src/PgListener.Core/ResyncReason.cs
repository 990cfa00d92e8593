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
    /// Nothing was missed, but anything in the table may have changed: the <see cref="ChangeFeed"/> of it has told of a <c>TRUNCATE</c>, or of a statement with more rows than it tells one by one. It does not count as a
    /// gap in statistics, metrics and health.
    /// </summary>
    Everything,
}
