using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Durable.Membership;
using PgListener.Durable.Telemetry;

namespace PgListener.Durable.Retention;

/// <summary>Makes the partitions of the days ahead, and removes those that nobody needs any more.</summary>
/// <remarks>
/// A removal has two steps. The first empties the partition, which frees the disk, and for which only readers wait: its lock is on the partition alone, into which nobody publishes any more.
/// The second removes what is left from the log, for which publishers have to wait; so it is done when that is short, and otherwise later.
/// </remarks>
internal sealed class PartitionKeeper(NpgsqlDataSource dataSource, TimeSpan maxAge, ILogger logger)
{
    private const int DaysAhead = 3;

    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);

    /// <summary>Makes what is missing.</summary>
    /// <returns>Whether all was done.</returns>
    public async Task<bool> MakeAsync(string owner, CancellationToken cancellationToken)
    {
        var missing = await RetentionTransaction.RunAsync(
            dataSource,
            async connection => await PartitionCommands.MissingDaysAsync(
                connection, DaysAhead, await PartitionCommands.ListAsync(connection, maxAge, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
        var isDone = true;
        foreach (var text in missing)
        {
            var day = DateOnly.ParseExact(text[..8], "yyyyMMdd", CultureInfo.InvariantCulture);
            if (text.EndsWith('!'))
            {
                if (_reported.Add(text))
                    logger.DayInDefaultPartition(day);
            }
            else if (!await TryMakeAsync(day, owner, cancellationToken).ConfigureAwait(false))
            {
                isDone = false;
                logger.PartitionBusy($"pglistener.message_{day:yyyyMMdd}");
            }
        }

        return isDone;
    }

    /// <summary>Removes those of days that are over, if every subscription has passed them, or they are over age.</summary>
    /// <returns>Whether all was done.</returns>
    public async Task<bool> RemoveAsync(Cluster cluster, CancellationToken cancellationToken)
    {
        var partitions = await RetentionTransaction.RunAsync(
            dataSource, connection => PartitionCommands.ListAsync(connection, maxAge, cancellationToken), cancellationToken).ConfigureAwait(false);
        var isDone = true;
        foreach (var partition in partitions.Where(static partition => partition.IsOver))
        {
            if (!await TryRemoveAsync(partition, cluster, cancellationToken).ConfigureAwait(false))
            {
                isDone = false;
                logger.PartitionBusy(partition.Name);
            }
        }

        return isDone;
    }

    private async Task<bool> TryMakeAsync(DateOnly day, string owner, CancellationToken cancellationToken)
    {
        try
        {
            return await RetentionTransaction.TryAsync(dataSource, publishersWait: true, connection => PartitionCommands.MakeAsync(connection, day, owner, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.DuplicateObject or PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.CheckViolation)
        {
            return false; // Another instance has made it (which of the errors it is depends on how far that is), or a row of the day has come into the default partition, since the list was read. The next round sees which.
        }
    }

    /// <returns>Whether there is nothing left to do now.</returns>
    private async Task<bool> TryRemoveAsync(LogPartition partition, Cluster cluster, CancellationToken cancellationToken)
    {
        try
        {
            var state = await RetentionTransaction.RunAsync(
                dataSource, connection => PartitionCommands.StateAsync(connection, partition, cluster, cancellationToken), cancellationToken).ConfigureAwait(false);
            return (!partition.IsOverAge && (state.IsAwaited || state.IsUnheard)) || await TryRemoveAsync(partition, state, cluster, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return true; // Another instance has removed it.
        }
    }

    private async Task<bool> TryRemoveAsync(LogPartition partition, PartitionState state, Cluster cluster, CancellationToken cancellationToken)
    {
        if (!state.IsEmpty)
        {
            if (!await RetentionTransaction.TryAsync(dataSource, publishersWait: false, connection => PartitionCommands.EmptyAsync(connection, partition, state, cluster, cancellationToken), cancellationToken).ConfigureAwait(false))
                return false;

            logger.PartitionEmptied(partition.Name);
            foreach (var loss in state.Losses)
                logger.RemovedUnread(loss.Messages, loss.Channel, loss.Since, loss.Until, loss.Handler, loss.Subscription, loss.Shard);
        }

        return await RetentionTransaction.TryAsync(dataSource, publishersWait: true, connection => PartitionCommands.RemoveAsync(connection, partition, cancellationToken), cancellationToken).ConfigureAwait(false);
    }
}
