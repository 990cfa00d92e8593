using Microsoft.Extensions.Logging;

namespace PgListener.HybridCaching;

/// <summary>The log events of a hybrid cache that follows change feeds, with the ids 748 and 749, which are never reused.</summary>
internal static partial class FeedInvalidationLog
{
    [LoggerMessage(748, LogLevel.Warning, "The values of changed rows of {Table} could not be removed from the shared level of the hybrid cache. It is tried again until it succeeds; later changes of this table wait.")]
    public static partial void RemovalFailed(this ILogger logger, Exception exception, string table);

    [LoggerMessage(749, LogLevel.Information, "The values of changed rows of {Table} were removed from the shared level of the hybrid cache, after {Failures} failed attempt(s).")]
    public static partial void RemovedAtLast(this ILogger logger, string table, int failures);
}
