namespace PgListener;

/// <summary>A message that has stepped aside because it failed, or because one with the same key did.</summary>
public sealed record ParkedMessage
{
    /// <summary>The subscription for which it has.</summary>
    public required DurableSubscriptionName Subscription { get; init; }

    /// <summary>The id of the message.</summary>
    public required long Id { get; init; }

    /// <summary>Its key.</summary>
    public string? Key { get; init; }

    /// <summary>Its payload.</summary>
    public string Payload { get; init; } = "";

    /// <summary>Its headers.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>When it was published, by the clock of the server.</summary>
    public DateTimeOffset PublishedAt { get; init; }

    /// <summary>What becomes of it.</summary>
    public ParkedState State { get; init; }

    /// <summary>How many attempts have failed since it was published or requeued.</summary>
    public int Attempts { get; init; }

    /// <summary>When the next attempt is due, for <see cref="ParkedState.Retrying"/>.</summary>
    public DateTimeOffset? NextAttempt { get; init; }

    /// <summary>The type of the last error, or the server's SQLSTATE.</summary>
    public string? ErrorType { get; init; }

    /// <summary>The text of the last error, up to 4,000 characters.</summary>
    public string? Error { get; init; }

    /// <summary>When the last attempt failed.</summary>
    public DateTimeOffset? FailedAt { get; init; }

    /// <summary>When it became a dead letter.</summary>
    public DateTimeOffset? DeadAt { get; init; }
}
