using Microsoft.Extensions.Logging;

namespace PgListener.Dashboard;

/// <summary>What the page logs. Ids are never reused: 410 to 419.</summary>
internal static partial class DashboardLog
{
    [LoggerMessage(410, LogLevel.Warning,
        "The status page at '{Route}' refuses every request: in the environment '{Environment}' it is answered only if the application says who may see it. "
        + "Write MapPgListener(...).RequireAuthorization(), or MapPgListener(...).AllowAnonymous() if everybody who can reach it may.")]
    public static partial void PageRefused(this ILogger logger, string route, string environment);

    [LoggerMessage(411, LogLevel.Warning,
        "The status page at '{Route}' requires authorization, which this application does not have: every request fails. "
        + "Call builder.Services.AddAuthorization(), and UseAuthorization() where the application is not a WebApplication.")]
    public static partial void AuthorizationMissing(this ILogger logger, string route);

    [LoggerMessage(412, LogLevel.Warning,
        "The status page could not look at listener '{Listener}'; it is shown again when that succeeds. Said once for each kind of failure.")]
    public static partial void LookFailed(this ILogger logger, Exception exception, string listener);

    [LoggerMessage(413, LogLevel.Warning, "The authorization policies could not be read at the start, so it is not known whether the status page at '{Route}' is answered.")]
    public static partial void AccessUnknown(this ILogger logger, Exception exception, string route);
}
