namespace PgListener.Dashboard.DurableChannels;

/// <summary>A subscription of a durable channel.</summary>
internal sealed record DurableSubscriptionInfo
{
    /// <summary>The most types of errors that a page can show.</summary>
    private const int MaxErrors = 50;

    public required string Channel { get; init; }

    public required string Handler { get; init; }

    /// <summary>The instance whose own subscription it is; empty if all instances share it.</summary>
    public required string Instance { get; init; }

    public required DateTimeOffset? PausedSince { get; init; }

    public required DateTimeOffset SeenAt { get; init; }

    /// <summary>How many processes run it.</summary>
    public required int Members { get; init; }

    public required long LagMessages { get; init; }

    /// <summary>Whether there are more of them than were counted.</summary>
    public required bool IsLagAtLeast { get; init; }

    /// <summary>The age of the oldest of them.</summary>
    public required double? LagMs { get; init; }

    public required long Retries { get; init; }

    public required long DeadLetters { get; init; }

    public required DateTimeOffset? OldestDeadLetter { get; init; }

    /// <summary>The dead letters by the type of their error, the most frequent first. Never their messages, which may contain anything.</summary>
    public required IReadOnlyList<DurableErrorInfo> Errors { get; init; }

    /// <summary>How many further types are not listed.</summary>
    public required int OmittedErrors { get; init; }

    public required IReadOnlyList<DurableShardInfo> Shards { get; init; }

    public static DurableSubscriptionInfo From(DurableSubscriptionStatus status, IEnumerable<ParkedMessageCount> errors)
    {
        DurableErrorInfo[] all = [.. errors.Select(static count => new DurableErrorInfo(count.ErrorType, count.Count))];
        return new()
        {
            Channel = status.Name.Channel,
            Handler = status.Name.Handler,
            Instance = status.Name.Instance,
            PausedSince = status.PausedSince,
            SeenAt = status.SeenAt,
            Members = status.Members,
            LagMessages = status.LagMessages,
            IsLagAtLeast = status.IsLagAtLeast,
            LagMs = DurableShardInfo.Milliseconds(status.Lag),
            Retries = status.Retries,
            DeadLetters = status.DeadLetters,
            OldestDeadLetter = status.OldestDeadLetter,
            Errors = [.. all.Take(MaxErrors)],
            OmittedErrors = Math.Max(0, all.Length - MaxErrors),
            Shards = [.. status.Shards.Select(DurableShardInfo.From)],
        };
    }
}
