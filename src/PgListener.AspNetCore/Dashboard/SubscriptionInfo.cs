namespace PgListener.Dashboard;

/// <summary>A handler or subscription, or all of the same name and channel together, such as the readers of many browsers.</summary>
internal sealed record SubscriptionInfo
{
    public required string Name { get; init; }

    public required string? Channel { get; init; }

    /// <summary>How many there are; the counts are sums over them.</summary>
    public required int Instances { get; init; }

    public required long Received { get; init; }

    public required long Processed { get; init; }

    public required long Failed { get; init; }

    public required DateTimeOffset? LastFailedAt { get; init; }

    public required long Dropped { get; init; }

    public required DateTimeOffset? LastDroppedAt { get; init; }

    public required long Gaps { get; init; }

    public required GapInfo? LastGap { get; init; }

    /// <summary>The failure of <c>ResyncAsync</c> that has lasted longest, if there is one.</summary>
    public required ResyncFailure? ResyncFailure { get; init; }

    /// <summary>Calls that are still running although their tokens were cancelled some time ago.</summary>
    public required int Hanging { get; init; }

    /// <summary>When the longest-running of them began.</summary>
    public required DateTimeOffset? HangingSince { get; init; }

    public required long Queued { get; init; }

    public required long QueueCapacity { get; init; }

    public required long QueuedBytes { get; init; }

    public required double QueueCapacityBytes { get; init; }

    /// <summary>How full the fullest queue is, in notifications or in bytes, from 0 to 1.</summary>
    public required double Fill { get; init; }

    public static IReadOnlyList<SubscriptionInfo> From(IEnumerable<SubscriptionStatistics> statistics)
        => [.. statistics.GroupBy(one => (one.Name, one.Channel)).Select(group => From(group.Key.Name, group.Key.Channel, [.. group]))];

    private static SubscriptionInfo From(string name, string? channel, SubscriptionStatistics[] group)
        => new()
        {
            Name = name,
            Channel = channel,
            Instances = group.Length,
            Received = group.Sum(one => one.Received),
            Processed = group.Sum(one => one.Processed),
            Failed = group.Sum(one => one.Failed),
            LastFailedAt = group.Max(one => one.LastFailedAt),
            Dropped = group.Sum(one => one.Dropped),
            LastDroppedAt = group.Max(one => one.LastDroppedAt),
            Gaps = group.Sum(one => one.Gaps),
            LastGap = GapInfo.LatestOf(group),
            ResyncFailure = group.Select(one => one.ResyncFailure).OfType<ResyncFailure>().MinBy(failure => failure.Since),
            Hanging = group.Sum(one => one.Hanging),
            HangingSince = group.Min(one => one.HangingSince),
            Queued = group.Sum(one => (long)one.Queued),
            QueueCapacity = group.Sum(one => (long)one.QueueCapacity),
            QueuedBytes = group.Sum(one => one.QueuedBytes),
            QueueCapacityBytes = group.Sum(one => (double)one.QueueCapacityBytes),
            Fill = Math.Round(group.Max(FillOf), 4),
        };

    private static double FillOf(SubscriptionStatistics one)
        => Math.Clamp(Math.Max(one.Queued / Math.Max(1d, one.QueueCapacity), one.QueuedBytes / Math.Max(1d, one.QueueCapacityBytes)), 0, 1);
}
