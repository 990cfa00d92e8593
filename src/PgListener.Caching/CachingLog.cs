using Microsoft.Extensions.Logging;

namespace PgListener;

/// <summary>The log events of coherent hybrid caches, with the ids 730 to 737, which are never reused.</summary>
internal static partial class CachingLog
{
    [LoggerMessage(730, LogLevel.Warning, "The hybrid cache of channel '{Channel}' could not notify other instances of the removal of {Count} key(s) and tag(s), so they may return old values. It tries again until it succeeds: {Error}")]
    public static partial void InvalidationsNotSent(this ILogger logger, Exception exception, string channel, int count, string error);

    [LoggerMessage(731, LogLevel.Information, "The hybrid cache of channel '{Channel}' has notified other instances of what to remove, after {Attempts} failed attempts.")]
    public static partial void InvalidationsSentAtLast(this ILogger logger, string channel, int attempts);

    [LoggerMessage(732, LogLevel.Error, "The hybrid cache of channel '{Channel}' has stopped, and could not notify other instances of the removal of {Count} key(s) and tag(s). They keep the old values until these expire, or until a gap.")]
    public static partial void InvalidationsGivenUp(this ILogger logger, string channel, int count);

    [LoggerMessage(733, LogLevel.Warning, "The hybrid cache of channel '{Channel}' got a notification that it cannot read, and has cleared its local level. Nothing else may use this channel: set HybridCacheCoherenceOptions.Channel to another one.")]
    public static partial void InvalidationMalformed(this ILogger logger, string channel);

    [LoggerMessage(734, LogLevel.Information, "The hybrid cache of channel '{Channel}' has cleared its local level, because invalidations since {Since} may have been missed ({Reason}).")]
    public static partial void LocalLevelCleared(this ILogger logger, string channel, DateTimeOffset? since, ResyncReason reason);

    [LoggerMessage(735, LogLevel.Warning, "The hybrid cache of channel '{Channel}' no longer uses its local level, because the listener has not been listening for {MaxOutage}, as MaxOutage allows. It reads the shared level or the source until the listener listens again.")]
    public static partial void LocalLevelUnused(this ILogger logger, string channel, TimeSpan maxOutage);

    [LoggerMessage(736, LogLevel.Warning, "A value was invalidated while the hybrid cache wrote it to the shared level, and could not be removed there again. It is tried again until it succeeds.")]
    public static partial void SharedWriteLeft(this ILogger logger, Exception exception);

    [LoggerMessage(737, LogLevel.Warning, "The hybrid cache of channel '{Channel}' has removed everything in the shared level, because too many values had to be removed there, or it had written too many to know which of them were read while invalidations could not arrive.")]
    public static partial void SharedLevelCleared(this ILogger logger, string channel);
}
