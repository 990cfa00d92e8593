namespace PgListener.Dashboard.DurableChannels;

/// <summary>The durable channels of one listener, as the database had them at one moment.</summary>
internal sealed record DurableInfo
{
    /// <summary>The most subscriptions that a page can show.</summary>
    private const int MaxSubscriptions = 200;

    public required string Listener { get; init; }

    /// <summary>When they were read; <see langword="null"/> if that has not succeeded yet.</summary>
    public DateTimeOffset? ReadAt { get; init; }

    /// <summary>Why they cannot be read, or why handlers are not called in this process.</summary>
    public string? Problem { get; init; }

    /// <summary>The size of the log on the disk.</summary>
    public long LogBytes { get; init; }

    public IReadOnlyList<DurableSubscriptionInfo> Subscriptions { get; init; } = [];

    /// <summary>How many further subscriptions are not listed.</summary>
    public int OmittedSubscriptions { get; init; }

    public static DurableInfo From(string listener, DateTimeOffset readAt, DurableStatus status, IReadOnlyList<ParkedMessageCount> deadLetters, string? problem)
    {
        var errors = deadLetters.ToLookup(static count => count.Subscription);
        DurableSubscriptionInfo[] listed = [.. status.Subscriptions.Take(MaxSubscriptions).Select(subscription => DurableSubscriptionInfo.From(subscription, errors[subscription.Name]))];
        return new()
        {
            Listener = listener,
            ReadAt = readAt,
            Problem = problem,
            LogBytes = status.LogBytes,
            Subscriptions = listed,
            OmittedSubscriptions = status.Subscriptions.Count - listed.Length,
        };
    }
}
