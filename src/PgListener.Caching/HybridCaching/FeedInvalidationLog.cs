using Microsoft.Extensions.Logging;

namespace PgListener.HybridCaching;

/// <summary>The log events of a hybrid cache whose shared level fails, and of one that follows change feeds, with the ids 748, 749 and 758, which are never reused.</summary>
internal static partial class FeedInvalidationLog
{
    [LoggerMessage(748, LogLevel.Warning, "The hybrid cache of channel '{Channel}' could not remove values from its shared level, or read there what was removed. It tries again until it succeeds. The local level is up to date, and values that wait for it are not read from the shared level.")]
    public static partial void RemovalFailed(this ILogger logger, Exception exception, string channel);

    [LoggerMessage(749, LogLevel.Information, "The hybrid cache of channel '{Channel}' can change its shared level again, after {Failures} failed attempt(s).")]
    public static partial void RemovedAtLast(this ILogger logger, string channel, int failures);

    [LoggerMessage(758, LogLevel.Error, "The function of InvalidateHybridCache<{Table}> that gets the cache's key of a row has failed or returned null, so all values of the table were removed. Correct it; further failures are not logged.")]
    public static partial void KeyUnknown(this ILogger logger, Exception exception, string table);
}
