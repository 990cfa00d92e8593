using Microsoft.Extensions.Logging;

namespace PgListener.Durable.Telemetry;

/// <summary>The log events of operations and of the watch, 680 to 699.</summary>
internal static partial class DurableLog
{
    [LoggerMessage(680, LogLevel.Information, "A pause of '{Handler}' on durable channel '{Channel}' was requested here.")]
    public static partial void PauseRequested(this ILogger logger, string handler, string channel);

    [LoggerMessage(681, LogLevel.Information, "The end of the pause of '{Handler}' on durable channel '{Channel}' was requested here.")]
    public static partial void ResumeRequested(this ILogger logger, string handler, string channel);

    [LoggerMessage(682, LogLevel.Information, "{Count} message(s) on durable channel '{Channel}' that had stepped aside for {Handler} were requeued.")]
    public static partial void Requeued(this ILogger logger, int count, string channel, string handler);

    [LoggerMessage(683, LogLevel.Warning, "{Count} message(s) on durable channel '{Channel}' that had stepped aside for {Handler} were deleted. They are not handled.")]
    public static partial void ParkedDeleted(this ILogger logger, int count, string channel, string handler);

    [LoggerMessage(684, LogLevel.Warning, "Message {Message} on durable channel '{Channel}' is skipped by '{Handler}' (shard {Shard}), as requested here. The log still has it.")]
    public static partial void HeadSkipped(this ILogger logger, long message, string channel, string handler, int shard);

    [LoggerMessage(685, LogLevel.Warning, "'{Handler}' on durable channel '{Channel}' gets the messages from {Message} on again, as requested here.")]
    public static partial void Replayed(this ILogger logger, string handler, string channel, long message);

    [LoggerMessage(686, LogLevel.Warning, "The subscription of '{Handler}' on durable channel '{Channel}' (number {Id}) was removed, as requested here.")]
    public static partial void SubscriptionRemoved(this ILogger logger, string handler, string channel, int id);

    [LoggerMessage(690, LogLevel.Warning, "No instance has held shard {Shard} of '{Handler}' on durable channel '{Channel}' for {Seconds} s. Its {Messages} waiting message(s) are not handled. Check whether the instances can coordinate (events 601 and 602), and whether a call that was left behind keeps one from taking it (event 611).")]
    public static partial void ShardWithoutHolder(this ILogger logger, int shard, string handler, string channel, long seconds, long messages);

    [LoggerMessage(691, LogLevel.Information, "Shard {Shard} of '{Handler}' on durable channel '{Channel}' is held again.")]
    public static partial void ShardHeldAgain(this ILogger logger, int shard, string handler, string channel);

    [LoggerMessage(692, LogLevel.Warning, "Message {Message} has blocked shard {Shard} of '{Handler}' on durable channel '{Channel}' since {Since}. Remove the cause of its error (event 623), or skip it.")]
    public static partial void StillBlocked(this ILogger logger, long message, int shard, string handler, string channel, DateTimeOffset since);

    [LoggerMessage(693, LogLevel.Warning, "'{Handler}' on durable channel '{Channel}' lags by {Lag}, which is more than the MaxHealthyLag of {Bound}; {Messages} message(s) wait. Make it faster, raise MaxConcurrency or Shards, or run more instances.")]
    public static partial void LagAboveBound(this ILogger logger, string handler, string channel, TimeSpan lag, TimeSpan bound, long messages);

    [LoggerMessage(694, LogLevel.Information, "The lag of '{Handler}' on durable channel '{Channel}' is no longer above the MaxHealthyLag of {Bound}.")]
    public static partial void LagBelowBound(this ILogger logger, string handler, string channel, TimeSpan bound);

    [LoggerMessage(695, LogLevel.Debug, "The state of the durable channels could not be read; it is tried again.")]
    public static partial void WatchFailed(this ILogger logger, Exception exception);
}
