namespace PgListener.Dashboard;

/// <summary>A gap: when notifications may have been missed, and why.</summary>
internal sealed record GapInfo(ResyncReason Reason, DateTimeOffset? Since, DateTimeOffset Until, long Dropped)
{
    public static GapInfo? LatestOf(IEnumerable<SubscriptionStatistics> group)
        => group.Select(one => one.LastGap).OfType<Resync>().MaxBy(gap => gap.Until) is { } latest
            ? new(latest.Reason, latest.Since, latest.Until, latest.Dropped)
            : null;
}
