using Microsoft.Extensions.Logging;

namespace PgListener.ChangeFeeds;

/// <summary>The log events of the check of change feeds, with the ids from 722 on, which are never reused.</summary>
internal static partial class FeedLog
{
    [LoggerMessage(722, LogLevel.Warning, "{Problem}")]
    public static partial void FeedProblem(this ILogger logger, string problem);

    [LoggerMessage(723, LogLevel.Information, "The change feed of {Table} is in the database again as this application expects it.")]
    public static partial void FeedInOrder(this ILogger logger, string table);

    [LoggerMessage(724, LogLevel.Warning, "The change feeds could not be checked in the database, so a missing trigger would go unnoticed; they are checked again at the next interval, or after the next connect. {Problem}")]
    public static partial void FeedsUnchecked(this ILogger logger, string problem);

    [LoggerMessage(725, LogLevel.Debug, "{Count} change feed(s) were checked in the database, and {Problems} of them have a problem.")]
    public static partial void FeedsChecked(this ILogger logger, int count, int problems);

    [LoggerMessage(726, LogLevel.Warning, "The change feed of {Table} had a problem, and its handlers could not be notified that anything may have changed. Clear caches of this table, for example by restarting. {Problem}")]
    public static partial void FeedGapUntold(this ILogger logger, string table, string problem);
}
