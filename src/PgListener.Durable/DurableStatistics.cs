namespace PgListener;

/// <summary>What this process has done for durable channels since its start.</summary>
public sealed record DurableStatistics
{
    /// <summary>Whether the session that coordinates the instances works. Without it, no handler is called here.</summary>
    public bool IsCoordinating { get; init; }

    /// <summary>Why it does not; <see langword="null"/> while it does, and before the first attempt has ended.</summary>
    public string? Problem { get; init; }

    /// <summary>The looks for new messages: one statement each.</summary>
    public long Looks { get; init; }

    /// <summary>Those of them that have found something.</summary>
    public long LooksWithNews { get; init; }

    /// <summary>The notifications and local commits that have told of new messages.</summary>
    public long WakeUps { get; init; }

    /// <summary>The handlers of this process.</summary>
    public IReadOnlyList<DurableSubscriptionStatistics> Subscriptions { get; init; } = [];
}
