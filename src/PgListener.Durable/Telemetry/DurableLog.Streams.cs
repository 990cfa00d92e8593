using Microsoft.Extensions.Logging;

namespace PgListener.Durable.Telemetry;

internal static partial class DurableLog
{
    [LoggerMessage(630, LogLevel.Warning, "The log of the durable channel '{Channel}' cannot be read for streams now. They wait, and miss nothing; it is tried again. {Problem}")]
    public static partial void StreamsWait(this ILogger logger, string channel, string problem);

    [LoggerMessage(631, LogLevel.Debug, "The log of the durable channel '{Channel}' still cannot be read for streams. It is tried again in {Delay}.")]
    public static partial void StreamsStillWait(this ILogger logger, Exception exception, string channel, TimeSpan delay);

    [LoggerMessage(632, LogLevel.Information, "The log of the durable channel '{Channel}' is read for streams again.")]
    public static partial void StreamsGoOn(this ILogger logger, string channel);

    [LoggerMessage(633, LogLevel.Information, "Messages of the durable channel '{Channel}' were removed from the log before the stream {Stream} got to them. A Resync tells it.")]
    public static partial void StreamOvertaken(this ILogger logger, string stream, string channel);

    [LoggerMessage(634, LogLevel.Information, "The same has happened to {Count} more stream(s) of the durable channel '{Channel}': messages were removed from the log before they got to them.")]
    public static partial void StreamsOvertakenToo(this ILogger logger, long count, string channel);

    [LoggerMessage(635, LogLevel.Information, "The stream {Stream} was to begin after a position that is none of the durable channel '{Channel}' here: it is malformed, of another channel or database, or from before a crash of the server. The stream begins now, and a Resync tells it.")]
    public static partial void PositionUnknown(this ILogger logger, string stream, string channel);

    [LoggerMessage(636, LogLevel.Information, "{Count} more stream(s) of the durable channel '{Channel}' were to begin after positions that are none here, and begin now.")]
    public static partial void PositionsUnknownToo(this ILogger logger, long count, string channel);
}
