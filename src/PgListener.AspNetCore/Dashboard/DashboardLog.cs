using Microsoft.Extensions.Logging;

namespace PgListener.Dashboard;

/// <summary>The log events of the status page, with the ids 410 to 419 and 700 to 709, which are never reused.</summary>
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

    [LoggerMessage(700, LogLevel.Information,
        "User '{User}' has done '{Act}' ({Target}) for '{Handler}' on durable channel '{Channel}' of listener '{Listener}' on the status page. {Outcome} Messages: {Count}.")]
    public static partial void Acted(this ILogger logger, string user, string act, string target, string handler, string channel, string listener, string outcome, int count);

    [LoggerMessage(701, LogLevel.Warning,
        "'{Act}' ({Target}) for '{Handler}' on durable channel '{Channel}' of listener '{Listener}' has failed, which user '{User}' wanted on the status page. Look at the subscription before it is tried again.")]
    public static partial void ActFailed(this ILogger logger, Exception exception, string act, string target, string handler, string channel, string listener, string user);

    [LoggerMessage(702, LogLevel.Warning,
        "The status page could not read the durable channels of listener '{Listener}', and shows them again when that succeeds. This is logged once for each kind of failure.")]
    public static partial void DurableLookFailed(this ILogger logger, Exception exception, string listener);

    [LoggerMessage(703, LogLevel.Warning,
        "The actions of the status page at '{Route}' require the authorization policy '{Policy}', which the application does not have, so every one of them fails. "
        + "Add it: builder.Services.AddAuthorizationBuilder().AddPolicy(\"{Policy}\", …).")]
    public static partial void ActionsPolicyMissing(this ILogger logger, string route, string policy);
}
