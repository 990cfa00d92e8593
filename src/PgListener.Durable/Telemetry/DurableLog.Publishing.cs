using Microsoft.Extensions.Logging;

namespace PgListener.Durable.Telemetry;

/// <summary>The log events of publishing and of the schema, with the ids 640 to 659, which are never reused. A failed publish is an exception of its caller, and is not logged.</summary>
internal static partial class DurableLog
{
    [LoggerMessage(640, LogLevel.Warning, "The readers of the durable channel '{Channel}' ({Count} channel(s) in all) could not be notified. Nothing is lost: they look at least every PollInterval. Check whether this process can still connect to the server.")]
    public static partial void WakeUpFailed(this ILogger logger, Exception exception, string channel, int count);

    [LoggerMessage(641, LogLevel.Warning, "The readers of durable channels could not be notified {Count} more time(s), because of {ErrorType}. Nothing is lost: they look at least every PollInterval.")]
    public static partial void WakeUpsFailedAgain(this ILogger logger, long count, string errorType);

    [LoggerMessage(642, LogLevel.Information, "The schema pglistener of durable channels was created in the database '{Database}', version {Version}.")]
    public static partial void SchemaCreated(this ILogger logger, string database, int version);
}
