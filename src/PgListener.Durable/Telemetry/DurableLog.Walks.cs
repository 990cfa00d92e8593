using Microsoft.Extensions.Logging;

namespace PgListener.Durable.Telemetry;

/// <summary>The log events of durable channels. Ids are never reused: 600–619 membership, 620–639 walks and retries, 640–659 publishing and the schema, 660–679 retention, 680–699 operations.</summary>
internal static partial class DurableLog
{
    [LoggerMessage(643, LogLevel.Warning, "The schema of durable channels could not be created at the start. It is tried again in the background; until then, publishing on durable channels fails. {Problem}")]
    public static partial void SchemaNotCreated(this ILogger logger, string problem);

    [LoggerMessage(620, LogLevel.Warning, "The handler {Handler} on the durable channel '{Channel}' failed on message {Message}. It is attempted again in {Delay}.")]
    public static partial void MessageFailed(this ILogger logger, Exception exception, string handler, string channel, long message, TimeSpan delay);

    [LoggerMessage(621, LogLevel.Debug, "The handler {Handler} on the durable channel '{Channel}' failed on message {Message} in attempt {Attempt}. It is attempted again in {Delay}.")]
    public static partial void MessageFailedAgain(this ILogger logger, Exception exception, string handler, string channel, long message, int attempt, TimeSpan delay);

    [LoggerMessage(622, LogLevel.Error, "Message {Message} on the durable channel '{Channel}' is now a dead letter: the handler {Handler} failed on it in {Attempts} attempt(s). Requeue or delete it when the cause is removed.")]
    public static partial void MessageDead(this ILogger logger, Exception exception, long message, string channel, string handler, int attempts);

    [LoggerMessage(623, LogLevel.Error, "The handler {Handler} on the durable channel '{Channel}' blocks shard {Shard}: it failed on message {Message}, and everything behind it waits. It is attempted again until it succeeds.")]
    public static partial void Blocked(this ILogger logger, Exception exception, string handler, string channel, int shard, long message);

    [LoggerMessage(628, LogLevel.Error, "{Count} more message(s) have blocked shard {Shard} of {Handler} on the durable channel '{Channel}' since the last such line, with the same kind of error, {ErrorType}. Event 623 shows the first.")]
    public static partial void BlockedToo(this ILogger logger, long count, int shard, string handler, string channel, string errorType);

    [LoggerMessage(624, LogLevel.Information, "The handler {Handler} on the durable channel '{Channel}' has handled message {Message} after {Attempts} attempts.")]
    public static partial void MessageRecovered(this ILogger logger, string handler, string channel, long message, int attempts);

    [LoggerMessage(625, LogLevel.Warning, "The handler {Handler} on the durable channel '{Channel}' failed on message {Message} after its transaction was committed. The message is handled.")]
    public static partial void FailedAfterCommit(this ILogger logger, Exception exception, string handler, string channel, long message);

    [LoggerMessage(626, LogLevel.Warning, "Shard {Shard} of {Handler} on the durable channel '{Channel}' cannot be read or acknowledged now; it is taken up again.")]
    public static partial void WalkFailed(this ILogger logger, Exception exception, int shard, string handler, string channel);

    [LoggerMessage(627, LogLevel.Warning, "{Messages} message(s) of the durable channel '{Channel}' from {Since} to {Until} were removed from the log before {Handler} got to them. A Resync tells it.")]
    public static partial void OvertakenByRetention(this ILogger logger, long messages, string channel, DateTimeOffset since, DateTimeOffset until, string handler);
}
