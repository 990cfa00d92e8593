namespace PgListener;

/// <summary>The log of durable channels and its subscriptions, as the database has them.</summary>
public sealed record DurableStatus
{
    /// <summary>The size of the log on the disk, in bytes, with its indexes. All listeners of the database share it.</summary>
    public long LogBytes { get; init; }

    /// <summary>The subscriptions, ordered by channel, handler and instance.</summary>
    public IReadOnlyList<DurableSubscriptionStatus> Subscriptions { get; init; } = [];
}
