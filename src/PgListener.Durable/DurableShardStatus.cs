namespace PgListener;

/// <summary>Where a shard of a subscription is.</summary>
public sealed record DurableShardStatus
{
    /// <summary>The shard, from 0.</summary>
    public int Shard { get; init; }

    /// <summary>Who handles its messages; <see langword="null"/> if nobody does.</summary>
    public DurableShardHolder? Holder { get; init; }

    /// <summary>When its position was last moved. It stays while nothing is published.</summary>
    public DateTimeOffset PositionAt { get; init; }

    /// <summary>The messages that wait in the log or are being handled. Counted up to 10,000.</summary>
    public long LagMessages { get; init; }

    /// <summary>Whether there are more of them than were counted.</summary>
    public bool IsLagAtLeast { get; init; }

    /// <summary>The age of the oldest of these messages; <see langword="null"/> if there are none.</summary>
    public TimeSpan? Lag { get; init; }

    /// <summary>The lowest id of these messages; <see langword="null"/> if there are none.</summary>
    public long? NextMessage { get; init; }

    /// <summary>The messages that have stepped aside and are attempted again, or wait behind another one.</summary>
    public long Retries { get; init; }

    /// <summary>The dead letters.</summary>
    public long DeadLetters { get; init; }

    /// <summary>When the oldest of the dead letters became one; <see langword="null"/> without any.</summary>
    public DateTimeOffset? OldestDeadLetter { get; init; }

    /// <summary>Since when a message that fails blocks it (<see cref="FailureMode.Block"/>). Only known in the process that is its holder; <see langword="null"/> elsewhere, and if none does.</summary>
    public DateTimeOffset? BlockedSince { get; init; }

    /// <summary>The id of that message.</summary>
    public long? BlockedMessage { get; init; }
}
