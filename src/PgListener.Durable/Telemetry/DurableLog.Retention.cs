using Microsoft.Extensions.Logging;

namespace PgListener.Durable.Telemetry;

/// <summary>The log events of keeping the log and of its move to another cluster, 660 to 679.</summary>
internal static partial class DurableLog
{
    [LoggerMessage(660, LogLevel.Information, "The log of durable channels has no partitions by day, because this role does not own the table pglistener.message or has no right to create tables in its schema. Messages are deleted in batches instead, which costs more. Use the owner's role, or leave it so.")]
    public static partial void NoPartitions(this ILogger logger);

    [LoggerMessage(661, LogLevel.Information, "The default partition of the log of durable channels has messages of {Day:yyyy-MM-dd}, so no partition is made for that day. They are deleted in batches when all subscriptions have passed them.")]
    public static partial void DayInDefaultPartition(this ILogger logger, DateOnly day);

    [LoggerMessage(662, LogLevel.Debug, "The partition {Partition} of the log of durable channels could not be made or removed without keeping others waiting, or has just changed. It is tried again.")]
    public static partial void PartitionBusy(this ILogger logger, string partition);

    [LoggerMessage(663, LogLevel.Information, "The messages of {Partition} were removed from the log of durable channels: no subscription needs them, or they are older than MaxAge.")]
    public static partial void PartitionEmptied(this ILogger logger, string partition);

    [LoggerMessage(664, LogLevel.Information, "{Messages} message(s) of the durable channel '{Channel}' were deleted from the log: no subscription needs them, or they are older than MaxAge.")]
    public static partial void MessagesDeleted(this ILogger logger, long messages, string channel);

    [LoggerMessage(665, LogLevel.Warning, "{Messages} message(s) of the durable channel '{Channel}' from {Since} to {Until} are older than MaxAge, and were removed before '{Handler}' (subscription {Id}, shard {Shard}) got to them. A Resync tells it when it runs again. Find out why it is behind, or raise MaxAge.")]
    public static partial void RemovedUnread(this ILogger logger, long messages, string channel, DateTimeOffset since, DateTimeOffset until, string handler, int id, int shard);

    [LoggerMessage(666, LogLevel.Information, "{Subscriptions} subscription(s) of instances that are gone were removed.")]
    public static partial void InstancesRemoved(this ILogger logger, long subscriptions);

    [LoggerMessage(667, LogLevel.Warning, "No application has run '{Handler}' on the durable channel '{Channel}' since {SeenAt}, and messages are kept for it, up to MaxAge. If it is no longer used, remove it: DELETE FROM pglistener.subscription WHERE id = {Id}.")]
    public static partial void SubscriptionAbandoned(this ILogger logger, string handler, string channel, int id, DateTimeOffset seenAt);

    [LoggerMessage(668, LogLevel.Warning, "The log of durable channels cannot be kept now: messages that nobody needs stay, and no partitions are made ahead. Nothing is lost. It is tried again. {Problem}")]
    public static partial void NotKept(this ILogger logger, Exception exception, string problem);

    [LoggerMessage(669, LogLevel.Debug, "The log of durable channels still cannot be kept.")]
    public static partial void StillNotKept(this ILogger logger, Exception exception);

    [LoggerMessage(670, LogLevel.Warning, "The log of durable channels in the database '{Database}' was restored from another PostgreSQL cluster, or upgraded. Subscriptions continue with what they had not handled there: {Messages} message(s).")]
    public static partial void Restored(this ILogger logger, string database, string messages);

    [LoggerMessage(671, LogLevel.Warning, "This role may not set the sequence pglistener.message_id. After a dump and restore there is nothing to do. After a move by replication, which does not copy sequences, run as its owner, before anything is published: SELECT setval('pglistener.message_id', {Base}).")]
    public static partial void SequenceNotRaised(this ILogger logger, long @base);

    [LoggerMessage(672, LogLevel.Error, "ResyncAsync of '{Handler}' on the durable channel '{Channel}' failed; the next messages of shard {Shard} wait. It is called again in {Delay}.")]
    public static partial void ResyncFailed(this ILogger logger, Exception exception, string handler, string channel, int shard, TimeSpan delay);
}
