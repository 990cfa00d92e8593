using Microsoft.Extensions.Diagnostics.HealthChecks;
using PgListener.Health;

namespace PgListener.Durable.Operations;

/// <summary>
/// The part of the listener's health that durable channels have. Like the listener's: degraded for a while after the coordination was lost, then unhealthy; degraded while it works but a
/// subscription does not get on.
/// </summary>
internal sealed class DurableHealth(LocalStatistics local, DurableWatch watch, DurableChannelOptions options, TimeProvider time) : IHealthPart
{
    /// <summary>A reading that is not older is used again.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(3);

    public async ValueTask<HealthPart> CheckAsync(TimeSpan gracePeriod, CancellationToken cancellationToken)
    {
        if (local.Subscriptions.Count == 0)
            return new(HealthStatus.Healthy, [], new Dictionary<string, object>());

        var (isWorking, hasWorked, lasted, why) = local.State.Current;
        if (isWorking)
            await watch.RefreshAsync(MaxAge, cancellationToken).ConfigureAwait(false);
        var reading = watch.Latest;
        List<string> problems = [.. Problems(reading)];
        var status = problems.Count > 0 ? HealthStatus.Degraded : HealthStatus.Healthy;
        if (!isWorking)
        {
            status = hasWorked && lasted < gracePeriod ? HealthStatus.Degraded : HealthStatus.Unhealthy;
            problems.Insert(0, why is null ? "The durable channels are not coordinated yet." : $"The durable channels are not coordinated, so that their handlers are not called here: {why}");
        }

        return new(status, problems, DataOf(reading, isWorking));
    }

    private IEnumerable<string> Problems(IReadOnlyList<DurableSubscriptionStatus> reading)
    {
        foreach (var late in reading.Where(status => WatchReport.IsLate(status, options)))
            yield return $"{late.Name} lags by {late.Lag:c} ({(late.IsLagAtLeast ? "at least " : "")}{late.LagMessages} messages).";
        foreach (var (name, shard) in watch.WithoutHolder)
            yield return $"No instance holds shard {shard} of {name}.";
        foreach (var (name, subscription) in local.Subscriptions)
        {
            foreach (var blockade in subscription.Counts.Blockades.Where(blockade => time.GetUtcNow() - blockade.Since > WatchReport.BlockedBound(options)))
                yield return $"Message {blockade.Message} has blocked shard {blockade.Shard} of {name} since {blockade.Since:u}.";
        }

        if (!options.DegradeOnDeadLetters)
            yield break;

        foreach (var status in reading.Where(static status => status.DeadLetters > 0))
            yield return $"{status.Name} has {status.DeadLetters} dead letter(s), the oldest since {status.OldestDeadLetter:u}.";
    }

    private static Dictionary<string, object> DataOf(IReadOnlyList<DurableSubscriptionStatus> reading, bool isWorking) => new(StringComparer.Ordinal)
    {
        ["durableCoordinating"] = isWorking,
        ["durableSubscriptions"] = reading.Count,
        ["durableLagMessages"] = reading.Sum(static status => status.LagMessages),
        ["durableLag"] = reading.Max(static status => status.Lag) ?? TimeSpan.Zero,
        ["durableRetries"] = reading.Sum(static status => status.Retries),
        ["durableDeadLetters"] = reading.Sum(static status => status.DeadLetters),
        ["durablePaused"] = reading.Count(static status => status.PausedSince is not null),
    };
}
