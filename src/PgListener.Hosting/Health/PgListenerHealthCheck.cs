using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PgListener.Health;

/// <summary>Healthy while the server listens, degraded while it listens with a problem in sight.</summary>
internal sealed class PgListenerHealthCheck(IPgListener listener) : IHealthCheck
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

        var description = status.Problem is { } problem ? $"{status.State}: {problem}" : $"{status.State}.";
        var result = (status.State, status.Problem) switch
        {
            (ListenerState.Listening, null) => HealthCheckResult.Healthy(description, data),
            (ListenerState.Listening, _) => HealthCheckResult.Degraded(description, exception: null, data),
            _ => new HealthCheckResult(context.Registration.FailureStatus, description, exception: null, data),
        };
        return Task.FromResult(result);

        void AddIfKnown(string name, object? value)
        {
            if (value is not null)
                data[name] = value;
        }
    }
}
