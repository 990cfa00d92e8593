using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PgListener.Health;

/// <summary>Healthy while the server listens.</summary>
internal sealed class PgListenerHealthCheck(IPgListener listener) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var state = listener.State;
        var data = new Dictionary<string, object>(StringComparer.Ordinal) { ["state"] = state.ToString() };
        var result = state == ListenerState.Listening
            ? HealthCheckResult.Healthy("Listening.", data)
            : new HealthCheckResult(context.Registration.FailureStatus, $"Not listening: {state}.", exception: null, data);
        return Task.FromResult(result);
    }
}
