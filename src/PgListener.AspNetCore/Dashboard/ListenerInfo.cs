namespace PgListener.Dashboard;

/// <summary>One listener.</summary>
internal sealed record ListenerInfo
{
    /// <summary>The most subscriptions that a page can show and a stream should send every second.</summary>
    private const int MaxSubscriptions = 500;

    public required string Name { get; init; }

    public required ListenerState State { get; init; }

    public required DateTimeOffset Since { get; init; }

    public required string? Server { get; init; }

    public required int? ProcessId { get; init; }

    public required int FailedAttempts { get; init; }

    /// <summary>When the next attempt to connect begins, while the listener waits for it.</summary>
    public required DateTimeOffset? NextAttemptAt { get; init; }

    public required string? Problem { get; init; }

    public required double? RoundTripMs { get; init; }

    public required double? QueueUsage { get; init; }

    public required IReadOnlyList<string> Channels { get; init; }

    public required IReadOnlyList<SubscriptionInfo> Subscriptions { get; init; }

    /// <summary>How many further subscriptions are not listed.</summary>
    public required int OmittedSubscriptions { get; init; }

    public static ListenerInfo From(string name, ListenerStatus status, IReadOnlyList<SubscriptionInfo> subscriptions)
    {
        SubscriptionInfo[] listed = [.. subscriptions.Take(MaxSubscriptions)];
        return new()
        {
            Name = name,
            State = status.State,
            Since = status.Since,
            Server = status.Server,
            ProcessId = status.ProcessId,
            FailedAttempts = status.FailedAttempts,
            NextAttemptAt = status.NextAttemptAt,
            Problem = status.Problem,
            RoundTripMs = status.RoundTrip is { } took ? Math.Round(took.TotalMilliseconds, 3) : null,
            QueueUsage = status.QueueUsage,
            Channels = [.. listed.Select(subscription => subscription.Channel).OfType<string>().Distinct(StringComparer.Ordinal)],
            Subscriptions = listed,
            OmittedSubscriptions = subscriptions.Count - listed.Length,
        };
    }
}
