using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Routing;
using PgListener;
using PgListener.Dashboard;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the status page of an application's PostgreSQL listeners.</summary>
public static class PgListenerEndpointRouteBuilderExtensions
{
    /// <summary>Maps a page that shows the state of every listener of the application, live, and a JSON document with the same data.</summary>
    /// <param name="endpoints">Where to map it.</param>
    /// <param name="pattern">The page's path. Below it are <c>/status</c>, the JSON document, and <c>/events</c>, the stream that keeps the page up to date.</param>
    /// <param name="configure">Changes the page's settings. It is called once, before this method returns.</param>
    /// <returns>A builder for conventions of all of these endpoints, such as <c>RequireAuthorization()</c>.</returns>
    /// <remarks>
    /// <para>
    /// It shows names of servers, channels and handlers, and counts; never payloads, passwords or connection strings. It changes nothing unless
    /// <see cref="PgListenerPageOptions.ActionsPolicy"/> is set. In the environment <c>Development</c>
    /// it is open. In all others it is answered only if the application says who may see it: with <c>RequireAuthorization()</c> on the page or on a
    /// group around it, with a fallback policy, or with <c>AllowAnonymous()</c>, which means everyone who can reach it. Otherwise all of its addresses are
    /// answered with status 403 and the reason, and a warning is logged when the application has started.
    /// </para>
    /// <para>
    /// The state is read once a second while the page is open in at least one browser, regardless of how many, and not at all otherwise. The state of durable channels
    /// comes from the database, and is read every 2 seconds at most.
    /// </para>
    /// <para>The application's output caching and request timeouts do not apply to these endpoints.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="endpoints"/> or <paramref name="pattern"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="configure"/> has set a value that is out of range.</exception>
    /// <exception cref="InvalidOperationException"><see cref="PgListenerPageOptions.ActionsPolicy"/> is set, and the application lacks authorization or antiforgery.</exception>
    public static IEndpointConventionBuilder MapPgListener(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern = "/pg-listener",
        Action<PgListenerPageOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var options = new PgListenerPageOptions();
        configure?.Invoke(options);
        if (options.Validate() is { } problem)
            throw new ArgumentException(problem, nameof(configure));

        return new DashboardEndpoints(endpoints.ServiceProvider, options).Map(endpoints, pattern);
    }
}
