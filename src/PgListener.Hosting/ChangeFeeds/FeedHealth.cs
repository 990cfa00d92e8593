using Microsoft.Extensions.Diagnostics.HealthChecks;
using PgListener.Health;

namespace PgListener.ChangeFeeds;

/// <summary>The part of a listener's health that change feeds have: degraded while one of them is not in the database as it is expected there.</summary>
internal sealed class FeedHealth(FeedWatch? feeds) : IHealthPart
{
    public ValueTask<HealthPart> CheckAsync(TimeSpan gracePeriod, CancellationToken cancellationToken)
    {
        var problems = feeds?.Problems ?? [];
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        if (feeds is not null)
            data["changeFeedsWithProblems"] = problems.Count;
        return new(new HealthPart(problems.Count > 0 ? HealthStatus.Degraded : HealthStatus.Healthy, problems, data));
    }
}
