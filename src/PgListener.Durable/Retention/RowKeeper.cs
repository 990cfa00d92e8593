using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Durable.Membership;
using PgListener.Durable.Telemetry;

namespace PgListener.Durable.Retention;

/// <summary>Deletes the messages of days that are over in batches, where there is no partition to remove.</summary>
internal sealed class RowKeeper(NpgsqlDataSource dataSource, TimeSpan maxAge, TimeProvider time, ILogger logger)
{
    private const int BatchSize = 5_000;

    /// <summary>The time between two batches, so that others have the disk too.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Deletes what every subscription of its channel has passed, and what is over age.</summary>
    /// <param name="table">Where: the default partition, or the log.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="cancellationToken">Cancels it between two batches too.</param>
    public async Task RemoveAsync(string table, Cluster cluster, CancellationToken cancellationToken)
    {
        var channels = await RetentionTransaction.RunAsync(
            dataSource,
            connection => RetentionTransaction.ReadAsync(connection, Channels(table), RetentionJson.Default.IReadOnlyListString, cancellationToken),
            cancellationToken).ConfigureAwait(false);
        foreach (var channel in channels)
            await RemoveAsync(table, channel, cluster, cancellationToken).ConfigureAwait(false);
    }

    private async Task RemoveAsync(string table, string channel, Cluster cluster, CancellationToken cancellationToken)
    {
        var statement = Delete(table);
        var deleted = 0L;
        RowBatch batch;
        var upto = 0L;
        do
        {
            batch = await RetentionTransaction.RunAsync(
                dataSource,
                connection => RetentionTransaction.ReadAsync(
                    connection, statement, RetentionJson.Default.RowBatch, cancellationToken,
                    Sql.Bigint(cluster.System), Sql.Bigint(cluster.Base), Sql.Text(channel), Sql.Bigint(upto), Sql.Integer(BatchSize), Sql.Bigint((long)maxAge.TotalSeconds)),
                cancellationToken).ConfigureAwait(false);
            foreach (var loss in batch.Losses)
                logger.RemovedUnread(loss.Messages, loss.Channel, loss.Since, loss.Until, loss.Handler, loss.Subscription, loss.Shard);
            deleted += batch.Deleted;
            upto = batch.Upto;
            if (batch.Rows == BatchSize)
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }
        while (batch.Rows == BatchSize && batch.Deleted > 0); // Behind a batch of which nothing can go, little can.

        if (deleted > 0)
            logger.MessagesDeleted(deleted, channel);
    }

    private static string Channels(string table)
        => $"WITH RECURSIVE {Unpassed.Channels(table)} SELECT COALESCE(json_agg(channel), '[]')::text FROM channels WHERE channel IS NOT NULL";

    // Rows go by what a row itself tells, so no lock is needed: one that is committed later is not visible here, and stays.
    private static string Delete(string table) => $"""
        WITH {Unpassed.Positions("s.channel = $3")}, batch AS MATERIALIZED (
            SELECT COALESCE(max(id), 0) AS upto, count(*) AS rows FROM (SELECT m.id FROM {table} m WHERE m.channel = $3 AND m.id > $4 ORDER BY m.id LIMIT $5) b
        ), gone AS (
            DELETE FROM {table} m
            WHERE m.channel = $3 AND m.id > $4 AND m.id <= (SELECT upto FROM batch) AND m.at < date_trunc('day', now(), 'UTC')
                AND (m.at < now() - $6 * interval '1 second' OR (EXISTS (SELECT FROM pos) AND NOT EXISTS (SELECT FROM pos p WHERE {Unpassed.Condition})))
            RETURNING m.tx, m.id, m.channel, m.bucket, m.at
        ), lost AS MATERIALIZED (
            SELECT p.subscription, p.shard, p.name AS handler, p.channel, min(m.at) AS since, max(m.at) AS until, count(*) AS messages
            FROM gone m JOIN pos p ON {Unpassed.Condition}
            GROUP BY p.subscription, p.shard, p.name, p.channel
        ), noted AS (
            INSERT INTO pglistener.loss (subscription, shard, since, until, messages) SELECT subscription, shard, since, until, messages FROM lost
        ), removed AS (
            {Removal.Note("SELECT channel, tx FROM gone WHERE id > $2 ORDER BY tx DESC LIMIT 1", "$1")}
        )
        SELECT json_build_object('upto', upto, 'rows', rows, 'deleted', (SELECT count(*) FROM gone), 'losses', (SELECT COALESCE(json_agg(lost), '[]') FROM lost))::text FROM batch
        """;
}
