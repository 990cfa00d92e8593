namespace PgListener.Dashboard.DurableChannels;

/// <summary>A shard of a subscription.</summary>
internal sealed record DurableShardInfo
{
    public required int Shard { get; init; }

    public required DurableShardHolder? Holder { get; init; }

    /// <summary>When its position was last moved.</summary>
    public required DateTimeOffset PositionAt { get; init; }

    public required long LagMessages { get; init; }

    public required bool IsLagAtLeast { get; init; }

    public required double? LagMs { get; init; }

    /// <summary>The message that comes next; the one that blocks it, if one does.</summary>
    public required long? NextMessage { get; init; }

    /// <summary>Since when a message that fails blocks it. Only its holder knows.</summary>
    public required DateTimeOffset? BlockedSince { get; init; }

    public static DurableShardInfo From(DurableShardStatus status) => new()
    {
        Shard = status.Shard,
        Holder = status.Holder,
        PositionAt = status.PositionAt,
        LagMessages = status.LagMessages,
        IsLagAtLeast = status.IsLagAtLeast,
        LagMs = Milliseconds(status.Lag),
        NextMessage = status.BlockedMessage ?? status.NextMessage,
        BlockedSince = status.BlockedSince,
    };

    public static double? Milliseconds(TimeSpan? time) => time is { } given ? Math.Round(given.TotalMilliseconds) : null;
}
