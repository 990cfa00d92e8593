namespace PgListener;

/// <summary>What this process has done for one subscription since its start.</summary>
public sealed record DurableSubscriptionStatistics
{
    /// <summary>The subscription.</summary>
    public required DurableSubscriptionName Name { get; init; }

    /// <summary>The shards that this process holds now.</summary>
    public int Shards { get; init; }

    /// <summary>Messages that were read from the log.</summary>
    public long Received { get; init; }

    /// <summary>Messages that were handled.</summary>
    public long Handled { get; init; }

    /// <summary>Calls of the handler that have failed.</summary>
    public long Failed { get; init; }

    /// <summary>Calls of the handler that were not the first attempt at a message.</summary>
    public long Retried { get; init; }

    /// <summary>Messages that have stepped aside, because they failed or because one with the same key did.</summary>
    public long Parked { get; init; }

    /// <summary>Messages that became dead letters.</summary>
    public long DeadLetters { get; init; }

    /// <summary>Moves of the position. Many messages share one.</summary>
    public long PositionMoves { get; init; }

    /// <summary>Since when a message blocks a shard here (<see cref="FailureMode.Block"/>); <see langword="null"/> if none does.</summary>
    public DateTimeOffset? BlockedSince { get; init; }

    /// <summary>The id of that message.</summary>
    public long? BlockedMessage { get; init; }
}
