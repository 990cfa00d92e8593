using Microsoft.Extensions.Diagnostics.HealthChecks;
using PgListener;
using PgListener.Health;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds health checks of listeners.</summary>
public static class PgListenerHealthChecksBuilderExtensions
{
    /// <summary>Adds a check that is healthy while the listener listens.</summary>
    /// <param name="builder">The application's health checks.</param>
    /// <param name="listenerName">The listener's name; empty for the one without a name.</param>
    /// <param name="name">The check's name; <c>pglistener</c>, or <c>pglistener-{listener name}</c>, when left out.</param>
    /// <param name="failureStatus">What to report when it does not listen; unhealthy when left out.</param>
    /// <param name="tags">Tags to select checks by.</param>
    /// <returns>The same builder.</returns>
    public static IHealthChecksBuilder AddPgListener(
        this IHealthChecksBuilder builder, string listenerName = "", string? name = null, HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(listenerName);
        return builder.Add(new(
            name ?? (listenerName.Length == 0 ? "pglistener" : $"pglistener-{listenerName}"),
            services => new PgListenerHealthCheck(services.GetRequiredKeyedService<HostedListener>(listenerName)),
            failureStatus,
            tags));
    }
}
