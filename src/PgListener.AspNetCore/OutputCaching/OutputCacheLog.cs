using Microsoft.Extensions.Logging;

namespace PgListener.OutputCaching;

/// <summary>The log events of output caching, with the ids 746, 747 and 759, which are never reused.</summary>
internal static partial class OutputCacheLog
{
    [LoggerMessage(746, LogLevel.Warning, "The responses with the tag '{Tag}' could not be evicted from the output cache after a change of {Table}. It is tried again until it succeeds; later changes of this table wait.")]
    public static partial void EvictionFailed(this ILogger logger, Exception exception, string tag, string table);

    [LoggerMessage(747, LogLevel.Information, "The responses with the tag '{Tag}' were evicted from the output cache after a change of {Table}, after {Failures} failed attempt(s).")]
    public static partial void EvictedAtLast(this ILogger logger, string tag, string table, int failures);

    [LoggerMessage(759, LogLevel.Error, "The function of EvictOutputCache<{Table}> that gets the tags to evict has failed, or returned null or an empty tag, so all responses of the table were evicted. Correct it; further failures are not logged.")]
    public static partial void TagsUnknown(this ILogger logger, Exception exception, string table);
}
