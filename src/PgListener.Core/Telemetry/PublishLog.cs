using Microsoft.Extensions.Logging;

namespace PgListener.Telemetry;

/// <summary>The log events of the publisher, with the ids 500 to 519, which are never reused. A failed publish is an exception of its caller, and is not logged.</summary>
internal static partial class PublishLog
{
    [LoggerMessage(500, LogLevel.Debug, "The server had ended a pooled session; {Count} notification(s) are sent once more on another one.")]
    public static partial void PublishedAgain(this ILogger logger, Exception exception, int count);

    [LoggerMessage(501, LogLevel.Warning, "The server refused the data of one of {Count} publishes that shared a transaction; they are sent one by one, and only the refused one fails.")]
    public static partial void SentOneByOne(this ILogger logger, Exception exception, int count);

    [LoggerMessage(502, LogLevel.Warning, "{Count} publish(es) have failed, because they were not committed within {StopTimeout} of the stop. Raise StopTimeout.")]
    public static partial void GivenUpAtStop(this ILogger logger, int count, TimeSpan stopTimeout);
}
