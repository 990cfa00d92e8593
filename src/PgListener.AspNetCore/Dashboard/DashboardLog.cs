using Microsoft.Extensions.Logging;

namespace PgListener.Dashboard;

/// <summary>The log events of the status page, with the ids 410 to 419, which are never reused.</summary>
internal static partial class DashboardLog
{
    [LoggerMessage(410, LogLevel.Warning,
        "The status page at '{Route}' refuses every request: in the environment '{Environment}' it is answered only if the application says who may see it. "
        + "Write MapPgListener(...).RequireAuthorization(), or MapPgListener(...).AllowAnonymous() if everyone who can reach it may see it.")]
    public static partial void PageRefused(this ILogger logger, string route, string environment);

    [LoggerMessage(411, LogLevel.Warning,
        "The status page at '{Route}' requires authorization, but the application has none, so every request fails. "
        + "Call builder.Services.AddAuthorization(), and UseAuthorization() where the application is not a WebApplication.")]
    public static partial void AuthorizationMissing(this ILogger logger, string route);

    [LoggerMessage(412, LogLevel.Warning,
        "The status page could not read the state of listener '{Listener}', and shows it again when that succeeds. This is logged once for each kind of failure.")]
    public static partial void LookFailed(this ILogger logger, Exception exception, string listener);

    [LoggerMessage(413, LogLevel.Warning, "The authorization policies could not be read at the start, so it is not known whether the status page at '{Route}' is answered.")]
    public static partial void AccessUnknown(this ILogger logger, Exception exception, string route);
}
