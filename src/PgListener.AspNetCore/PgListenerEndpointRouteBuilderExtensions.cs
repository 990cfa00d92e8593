using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Routing;
using PgListener.Dashboard;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the status page of an application's PostgreSQL listeners.</summary>
public static class PgListenerEndpointRouteBuilderExtensions
{
    /// <summary>Maps a page that shows what every listener of the application is doing, live, and the same as a JSON document.</summary>
    /// <param name="endpoints">Where to map it.</param>
    /// <param name="pattern">The page's path. Below it are <c>/status</c>, the JSON document, and <c>/events</c>, the stream that keeps the page up to date.</param>
    /// <returns>A builder for conventions of all of these endpoints, such as <c>RequireAuthorization()</c>.</returns>
    /// <remarks>
    /// <para>It shows names of servers, channels and handlers, and counts; never payloads, passwords or connection strings. Let only those see it who may.</para>
    /// <para>The listeners are looked at once a second as long as somebody watches, however many do, and not at all while nobody does.</para>
    /// </remarks>
    public static IEndpointConventionBuilder MapPgListener(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/pg-listener")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        return new DashboardEndpoints(endpoints.ServiceProvider).Map(endpoints, pattern);
    }
}
