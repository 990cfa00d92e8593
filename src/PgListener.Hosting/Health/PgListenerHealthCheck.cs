using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PgListener.Health;

/// <summary>
/// Healthy while the server listens; degraded while it listens with a problem in sight, and for a while after the connection
/// was lost; otherwise unhealthy, or what the registration says instead.
/// </summary>
internal sealed class PgListenerHealthCheck(IPgListener listener, TimeSpan gracePeriod, TimeProvider time) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var status = listener.Status;
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["state"] = status.State.ToString(),
            ["since"] = status.Since,
            ["failedAttempts"] = status.FailedAttempts,
        };
        AddIfKnown("server", status.Server);
        AddIfKnown("processId", status.ProcessId);
        AddIfKnown("problem", status.Problem);
        AddIfKnown("roundTrip", status.RoundTrip);
        AddIfKnown("queueUsage", status.QueueUsage);
        AddTotals(data, listener.GetStatistics());

        var description = status.Problem is { } problem ? $"{status.State}: {problem}" : $"{status.State}.";
        var result = (status.State, status.Problem) switch
        {
            (ListenerState.Listening, null) => HealthCheckResult.Healthy(description, data),
            (ListenerState.Listening, _) => HealthCheckResult.Degraded(description, exception: null, data),
            (ListenerState.Reconnecting, _) when time.GetUtcNow() - status.Since < gracePeriod => HealthCheckResult.Degraded(description, exception: null, data),
            _ => new HealthCheckResult(context.Registration.FailureStatus, description, exception: null, data),
        };
        return Task.FromResult(result);

        void AddIfKnown(string name, object? value)
        {
            if (value is not null)
                data[name] = value;
        }
    }

    private static void AddTotals(Dictionary<string, object> data, IReadOnlyList<SubscriptionStatistics> subscriptions)
    {
        data["subscriptions"] = subscriptions.Count;
        data["queued"] = subscriptions.Sum(subscription => subscription.Queued);
        data["failed"] = subscriptions.Sum(subscription => subscription.Failed);
        data["dropped"] = subscriptions.Sum(subscription => subscription.Dropped);
        data["gaps"] = subscriptions.Sum(subscription => subscription.Gaps);
    }
}
