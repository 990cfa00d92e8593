using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Connections;
using PgListener.Durable.Membership;
using PgListener.Durable.Telemetry;

namespace PgListener.Durable.Retention;

/// <summary>Keeps the log of a database: makes partitions ahead, removes what nobody needs, and cleans up behind instances that are gone. One instance does it at a time.</summary>
/// <remarks>That it is one spares work and log lines. Two that overlap for a moment do no harm: each step is a transaction that holds for itself.</remarks>
internal sealed class LogKeeper(NpgsqlDataSource dataSource, TimeSpan maxAge, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <summary>The time until the next round if something could not be done.</summary>
    private static readonly TimeSpan ShortInterval = TimeSpan.FromSeconds(20);

    private readonly PartitionKeeper _partitions = new(dataSource, maxAge, logger);
    private readonly RowKeeper _rows = new(dataSource, maxAge, time, logger);
    private readonly SubscriptionKeeper _subscriptions = new(dataSource, time, logger);
    private bool _hasReportedRights;
    private string? _reported;

    /// <summary>Keeps it until it is cancelled. Never fails.</summary>
    public async Task RunAsync(Cluster cluster, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var isDone = false;
            try
            {
                isDone = await KeepAsync(cluster, cancellationToken).ConfigureAwait(false);
                _reported = null;
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Report(e);
            }

            await Task.Delay(isDone ? Interval : ShortInterval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Does one round.</summary>
    /// <returns>Whether all was done; not if something would have kept others waiting.</returns>
    public async Task<bool> KeepAsync(Cluster cluster, CancellationToken cancellationToken)
    {
        await _subscriptions.RemoveAsync(cancellationToken).ConfigureAwait(false);
        var isDone = true;
        if (await RetentionTransaction.RunAsync(dataSource, connection => PartitionCommands.OwnerAsync(connection, cancellationToken), cancellationToken).ConfigureAwait(false) is { } owner)
        {
            isDone = await _partitions.MakeAsync(owner, cancellationToken).ConfigureAwait(false);
            isDone &= await _partitions.RemoveAsync(cluster, cancellationToken).ConfigureAwait(false);
            await _rows.RemoveAsync("pglistener.message_default", cluster, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            if (!_hasReportedRights)
                logger.NoPartitions();
            _hasReportedRights = true;
            await _rows.RemoveAsync("pglistener.message", cluster, cancellationToken).ConfigureAwait(false);
        }

        await _subscriptions.ReportAsync(cluster, cancellationToken).ConfigureAwait(false);
        return isDone;
    }

    private void Report(Exception error)
    {
        var kind = Diagnosis.KindOf(error);
        if (kind == _reported)
            logger.StillNotKept(error);
        else
            logger.NotKept(error, Diagnosis.Of(error));
        _reported = kind;
    }
}
