using Microsoft.Extensions.Logging;

namespace PgListener;

/// <summary>The log events of FusionCache's backplane, with the ids 750 to 759, which are never reused.</summary>
internal static partial class FusionCacheLog
{
    [LoggerMessage(750, LogLevel.Warning, "The FusionCache '{Cache}' got a notification that it cannot read on channel '{Channel}', and has expired its memory level. Nothing else may use this channel: set BackplaneChannelPrefix to another one.")]
    public static partial void BackplaneMessageMalformed(this ILogger logger, string cache, string channel);

    [LoggerMessage(751, LogLevel.Information, "The FusionCache '{Cache}' has expired its memory level, because notifications since {Since} may have been missed ({Reason}).")]
    public static partial void MemoryLevelExpired(this ILogger logger, string cache, DateTimeOffset? since, ResyncReason reason);

    [LoggerMessage(752, LogLevel.Error, "The FusionCache '{Cache}' could not subscribe to its channel '{Channel}', so it does not hear what other instances set and remove. Its entries stay until they expire.")]
    public static partial void BackplaneNotSubscribed(this ILogger logger, Exception exception, string cache, string channel);
}
