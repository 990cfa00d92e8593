namespace PgListener;

/// <summary>Where a subscription is.</summary>
public sealed record DurableSubscriptionStatus
{
    /// <summary>The subscription.</summary>
    public required DurableSubscriptionName Name { get; init; }

    /// <summary>Its number in the tables of the schema <c>pglistener</c>.</summary>
    public int Id { get; init; }

    /// <summary>Since when it is paused; <see langword="null"/> if it is not.</summary>
    public DateTimeOffset? PausedSince { get; init; }

    /// <summary>When a process that runs it was last seen, to the minute.</summary>
    public DateTimeOffset SeenAt { get; init; }

    /// <summary>How many processes run it now.</summary>
    public int Members { get; init; }

    /// <summary>Its shards, in order.</summary>
    public IReadOnlyList<DurableShardStatus> Shards { get; init; } = [];

    /// <summary>The messages that wait in the log, in all shards.</summary>
    public long LagMessages => Shards.Sum(static shard => shard.LagMessages);

    /// <summary>Whether there are more of them than were counted.</summary>
    public bool IsLagAtLeast => Shards.Any(static shard => shard.IsLagAtLeast);

    /// <summary>The age of the oldest message that waits in the log; <see langword="null"/> if none does.</summary>
    public TimeSpan? Lag => Shards.Max(static shard => shard.Lag);

    /// <summary>The messages that have stepped aside and are attempted again, or wait behind another one.</summary>
    public long Retries => Shards.Sum(static shard => shard.Retries);

    /// <summary>The dead letters.</summary>
    public long DeadLetters => Shards.Sum(static shard => shard.DeadLetters);

    /// <summary>When the oldest of the dead letters became one; <see langword="null"/> without any.</summary>
    public DateTimeOffset? OldestDeadLetter => Shards.Min(static shard => shard.OldestDeadLetter);
}
