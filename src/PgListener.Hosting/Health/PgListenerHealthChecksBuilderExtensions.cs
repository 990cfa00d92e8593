using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using PgListener;
using PgListener.Health;
using PgListener.Registration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds health checks of listeners.</summary>
public static class PgListenerHealthChecksBuilderExtensions
{
    private static readonly TimeSpan DefaultGracePeriod = TimeSpan.FromSeconds(10);

    /// <summary>Adds a check that is healthy while the listener listens, degraded for a while after its connection was lost, and then unhealthy.</summary>
    /// <param name="builder">The application's health checks.</param>
    /// <param name="listenerName">The listener's name; empty for the one without a name.</param>
    /// <param name="name">The check's name; <c>pglistener</c>, or <c>pglistener-{listener name}</c>, when left out.</param>
    /// <param name="failureStatus">The status to report when the listener does not listen; unhealthy when left out.</param>
    /// <param name="tags">Tags to select checks by, such as <c>ready</c>.</param>
    /// <param name="gracePeriod">
    /// How long the check is only degraded after the connection was lost; 10 seconds when left out. It does not apply to a listener that has not
    /// listened yet, or is stopped.
    /// </param>
    /// <returns>The same builder.</returns>
    /// <remarks>Use it for readiness, not for liveness: restarting the application does not repair a database.</remarks>
    /// <exception cref="ArgumentException">The listener's name is not valid. If there is no listener of that name, the host's start fails with an <see cref="OptionsValidationException"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The grace period is negative.</exception>
    public static IHealthChecksBuilder AddPgListener(
        this IHealthChecksBuilder builder,
        string listenerName = "",
        string? name = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null,
        TimeSpan? gracePeriod = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(listenerName);
        if (listenerName.Length > 0)
            ListenerName.ThrowIfInvalid(listenerName, nameof(listenerName));
        var grace = gracePeriod ?? DefaultGracePeriod;
        ArgumentOutOfRangeException.ThrowIfLessThan(grace, TimeSpan.Zero, nameof(gracePeriod));

        // Listeners may be added after their checks, so whether the listener exists is checked at the start.
        var registered = builder.Services;
        builder.Services.AddOptions<CheckedListeners>().Configure(listeners => listeners.Names.Add(listenerName)).ValidateOnStart();
        builder.Services.TryAddSingleton<IValidateOptions<CheckedListeners>>(new CheckedListenersValidator(registered));
        OutageClock? outage = null;
        return builder.Add(new(
            name ?? (listenerName.Length == 0 ? "pglistener" : $"pglistener-{listenerName}"),
            services => new PgListenerHealthCheck(
                Listener(services),
                grace,
                outage ??= new(services.GetService<TimeProvider>() ?? TimeProvider.System),
                [.. (services.GetKeyedService<ListenerRegistration>(listenerName)?.HealthParts ?? []).Select(part => part(services))]),
            failureStatus,
            tags));

        // Checks the listener that is injected elsewhere, also if it was replaced.
        IPgListener Listener(IServiceProvider services)
            => (listenerName.Length == 0 ? services.GetService<IPgListener>() : services.GetKeyedService<IPgListener>(listenerName))
                ?? throw new InvalidOperationException(CheckedListenersValidator.ProblemWith(listenerName, registered));
    }
}
