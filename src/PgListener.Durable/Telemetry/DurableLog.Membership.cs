using Microsoft.Extensions.Logging;

namespace PgListener.Durable.Telemetry;

/// <summary>The log events of the coordination, 600 to 619.</summary>
internal static partial class DurableLog
{
    [LoggerMessage(600, LogLevel.Information, "Coordinating {Subscriptions} subscription(s) of durable channels on {Server}, server process {ProcessId}.")]
    public static partial void Coordinating(this ILogger logger, int subscriptions, string server, int processId);

    [LoggerMessage(601, LogLevel.Warning, "The session that coordinates durable channels was lost; connecting again. Their handlers are not called here until then, and other instances take over. {Problem}")]
    public static partial void CoordinationLost(this ILogger logger, string problem);

    [LoggerMessage(602, LogLevel.Warning, "Cannot coordinate durable channels, so that their handlers are not called; trying again until that succeeds. {Problem}")]
    public static partial void CannotCoordinate(this ILogger logger, string problem);

    [LoggerMessage(603, LogLevel.Debug, "Attempt {Attempt} to coordinate durable channels failed; the next follows in {Delay}.")]
    public static partial void StillNotCoordinating(this ILogger logger, Exception exception, int attempt, TimeSpan delay);

    [LoggerMessage(604, LogLevel.Information, "'{Handler}' on durable channel '{Channel}' is subscription {Id}, with {Shards} shard(s).")]
    public static partial void SubscriptionRegistered(this ILogger logger, string handler, string channel, int id, int shards);

    [LoggerMessage(605, LogLevel.Warning, "The subscription of '{Handler}' on durable channel '{Channel}' was deleted (its number was {Id}). It is created again, without its position, because the handler is still registered.")]
    public static partial void SubscriptionGone(this ILogger logger, string handler, string channel, int id);

    [LoggerMessage(606, LogLevel.Information, "'{Handler}' on durable channel '{Channel}' is paused. Its messages are kept until it is resumed.")]
    public static partial void SubscriptionPaused(this ILogger logger, string handler, string channel);

    [LoggerMessage(607, LogLevel.Information, "'{Handler}' on durable channel '{Channel}' is resumed.")]
    public static partial void SubscriptionResumed(this ILogger logger, string handler, string channel);

    [LoggerMessage(608, LogLevel.Information, "The number of shards of '{Handler}' on durable channel '{Channel}' was changed from {Shards} to {Configured}.")]
    public static partial void ShardsChanged(this ILogger logger, string handler, string channel, int shards, int configured);

    [LoggerMessage(609, LogLevel.Warning, "'{Handler}' on durable channel '{Channel}' keeps its {Shards} shard(s), although {Configured} are configured, because {Why}. Stop all instances, and start one, to change it; unless the new number is a multiple of the old one, once all messages are handled.")]
    public static partial void ShardsKept(this ILogger logger, string handler, string channel, int shards, int configured, string why);

    [LoggerMessage(610, LogLevel.Information, "Shard {Shard} of '{Handler}' on durable channel '{Channel}' is no longer handled here, because another instance has taken over its position.")]
    public static partial void ShardLost(this ILogger logger, int shard, string handler, string channel);

    [LoggerMessage(611, LogLevel.Warning, "Calls in {Shards} shard(s) have not ended within {Seconds} s after they were cancelled, and are left behind. Pass the cancellation token on in the handlers.")]
    public static partial void RunsLeftBehind(this ILogger logger, int shards, double seconds);
}
