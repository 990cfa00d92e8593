using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PgListener.Health;

/// <summary>
/// Healthy while the server listens. Degraded while it listens but its notification queue fills, a handler's <c>ResyncAsync</c> keeps failing or a handler
/// hangs, and for a while after the connection was lost. Otherwise unhealthy, or the failure status of the registration.
/// </summary>
internal sealed class PgListenerHealthCheck(IPgListener listener, TimeSpan gracePeriod, OutageClock outage, IReadOnlyList<IHealthPart>? more = null) : IHealthCheck
{
    /// <summary>The most handlers that are named.</summary>
    private const int Most = 10;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var result = Check(context);
        foreach (var other in more ?? [])
        {
            // The worse of both, with what is wrong in both.
            var part = await other.CheckAsync(gracePeriod, cancellationToken).ConfigureAwait(false);
            var status = part.Status == HealthStatus.Unhealthy ? context.Registration.FailureStatus : part.Status;
            result = new(
                status < result.Status ? status : result.Status,
                string.Join(" ", part.Problems.Prepend(result.Description)),
                exception: null,
                result.Data.Concat(part.Data).ToDictionary(StringComparer.Ordinal));
        }

        return result;
    }

    private HealthCheckResult Check(HealthCheckContext context)
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
        var subscriptions = listener.GetStatistics();
        AddTotals(data, subscriptions);
        var stale = StaleHandlers(subscriptions);
        AddIfKnown("failingResyncs", stale);
        var hanging = HangingHandlers(subscriptions);
        AddIfKnown("hangingHandlers", hanging);

        string?[] problems =
        [
            status.Problem,
            stale is null ? null : $"ResyncAsync keeps failing, and is called again, for: {stale}.",
            hanging is null ? null : $"Calls are still running although their tokens were cancelled after the Timeout, of: {hanging}. Pass the cancellation token on to what they wait for.",
        ];
        var problem = string.Join(" ", problems.OfType<string>());
        var description = problem.Length > 0 ? $"{status.State}: {problem}" : $"{status.State}.";
        return (status.State, problem.Length > 0 ? problem : null) switch
        {
            (ListenerState.Listening, null) => HealthCheckResult.Healthy(description, data),
            (ListenerState.Listening, _) => HealthCheckResult.Degraded(description, exception: null, data),
            (ListenerState.Reconnecting, _) when outage.Lasted(status.Since) < gracePeriod => HealthCheckResult.Degraded(description, exception: null, data),
            _ => new HealthCheckResult(context.Registration.FailureStatus, description, exception: null, data),
        };

        void AddIfKnown(string name, object? value)
        {
            if (value is not null)
                data[name] = value;
        }
    }

    /// <summary>The names of the handlers whose state may be stale because <c>ResyncAsync</c> keeps failing.</summary>
    private static string? StaleHandlers(IEnumerable<SubscriptionStatistics> subscriptions) => Named(
        subscriptions.Where(subscription => subscription.ResyncFailure is not null),
        subscription => $"since {subscription.ResyncFailure!.Since:u}, {subscription.ResyncFailure.Attempts} attempts, {subscription.ResyncFailure.ErrorType}");

    /// <summary>The names of the handlers that ignore their cancelled tokens.</summary>
    private static string? HangingHandlers(IEnumerable<SubscriptionStatistics> subscriptions) => Named(
        subscriptions.Where(subscription => subscription.Hanging > 0),
        subscription => $"running since {subscription.HangingSince:u}, {subscription.Hanging} call(s)");

    /// <summary>The names of subscriptions with what there is to say of each; <see langword="null"/> if there are none.</summary>
    private static string? Named(IEnumerable<SubscriptionStatistics> subscriptions, Func<SubscriptionStatistics, string> say)
    {
        var all = subscriptions.ToArray();
        if (all.Length == 0)
            return null;

        var named = string.Join(", ", all.Take(Most).Select(subscription => $"{subscription.Name} ({say(subscription)})"));
        return all.Length > Most ? $"{named} and {all.Length - Most} more" : named;
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
