using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Connections;
using PgListener.Durable.Telemetry;

namespace PgListener.Durable.Membership;

/// <summary>Puts a configured number of shards in force, while nobody holds a shard.</summary>
internal sealed class ShardChange(ILogger logger)
{
    // Who takes a lock after this sees the new number in the next look, before anything is walked.
    private const string Lock = """
        SELECT bool_and(pg_try_advisory_xact_lock($2 + shard)) AND (SELECT shards = $3 FROM pglistener.subscription WHERE id = $1 FOR UPDATE)
        FROM generate_series(0, $3 - 1) AS shard
        """;

    // A new shard goes on where the one is that had its messages until now. Every position is moved by one, so that a holder that has lost its lock unnoticed cannot move it any more.
    private const string Multiply = """
        WITH now AS (
            SELECT DISTINCT ON (shard) * FROM pglistener.position WHERE subscription = $1 ORDER BY shard, n DESC
        ), top AS (
            SELECT max(n) + 1 AS n FROM pglistener.position WHERE subscription = $1
        )
        INSERT INTO pglistener.position (subscription, shard, n, system, seen, floor, upto, last_id, done, restored, holder)
        SELECT $1, s.shard, CASE WHEN s.shard < $2 THEN now.n + 1 ELSE top.n END, system, seen, floor, upto, last_id, done, restored, ''
        FROM generate_series(0, $3 - 1) AS s (shard)
        JOIN now ON now.shard = s.shard % $2
        CROSS JOIN top
        """;

    // Otherwise messages would go from one shard to several, of which one may be further than another. So only when all are at the same place: nothing is waiting.
    // Then the latest of their snapshots is that place.
    private const string Renew = """
        WITH now AS MATERIALIZED (
            SELECT DISTINCT ON (shard) * FROM pglistener.position WHERE subscription = $1 ORDER BY shard, n DESC
        ), top AS (
            SELECT max(n) + 1 AS n FROM pglistener.position WHERE subscription = $1
        ), latest AS (
            SELECT seen, (SELECT max(floor) FROM now) AS floor FROM now
            ORDER BY pg_snapshot_xmax(seen) DESC, pg_snapshot_xmin(seen) DESC, length(seen::text)
            LIMIT 1
        )
        INSERT INTO pglistener.position (subscription, shard, n, system, seen, floor, holder)
        SELECT $1, s.shard, COALESCE(now.n + 1, top.n), $5, latest.seen, latest.floor, ''
        FROM generate_series(0, $3 - 1) AS s (shard)
        LEFT JOIN now ON now.shard = s.shard
        CROSS JOIN top
        CROSS JOIN latest
        WHERE NOT EXISTS (
            SELECT FROM now w
            WHERE w.upto IS NOT NULL OR w.done <> '{}' OR w.restored IS NOT NULL OR w.system <> $5
            OR EXISTS (
                SELECT FROM pglistener.message m
                WHERE m.channel = $4 AND m.id > w.floor AND m.bucket % $2 = w.shard AND (m.id <= $6 OR m.tx >= pg_snapshot_xmax(w.seen)))
            OR EXISTS (
                SELECT FROM (SELECT pg_snapshot_xip(w.seen) AS tx) ended
                JOIN pglistener.message m ON m.channel = $4 AND m.tx = ended.tx AND m.id > $6 AND m.bucket % $2 = w.shard))
        """;

    // The messages that have failed have their bucket, and belong to the shard that it has now.
    private const string Rest = """
        WITH shards AS (
            UPDATE pglistener.subscription SET shards = $2 WHERE id = $1
        ), positions AS (
            DELETE FROM pglistener.position WHERE subscription = $1 AND shard >= $2
        )
        UPDATE pglistener.loss SET shard = shard % $2 WHERE subscription = $1
        """;

    /// <summary>Changes the number, or logs why it stays as it is.</summary>
    public async Task<RegisteredSubscription> TryAsync(SessionConnection server, Cluster cluster, RegisteredSubscription subscription, CancellationToken stopping)
    {
        var definition = subscription.Definition;
        var wanted = definition.Options.Shards;
        var why = await server.RunAsync("the change of the number of shards", _ => ChangeAsync(server.Connection, cluster, subscription, wanted), server.Limit, stopping).ConfigureAwait(false);
        if (why is not null)
        {
            logger.ShardsKept(definition.Name, definition.LogicalChannel, subscription.Shards, wanted, why);
            return subscription;
        }

        logger.ShardsChanged(definition.Name, definition.LogicalChannel, subscription.Shards, wanted);
        return subscription with { Shards = wanted };
    }

    /// <returns>Why it cannot be done now; <see langword="null"/> if it was.</returns>
    private static async Task<string?> ChangeAsync(NpgsqlConnection connection, Cluster cluster, RegisteredSubscription subscription, int wanted)
    {
        var (id, shards, channel) = (subscription.Id, (short)subscription.Shards, subscription.Definition.Channel);
        var transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            var isFree = new NpgsqlCommand(Lock, connection) { Parameters = { Sql.Integer(id), Sql.Bigint(AdvisoryKey.Of(id, 0)), Sql.Integer(shards) } };
            await using (isFree.ConfigureAwait(false))
            {
                if (await isFree.ExecuteScalarAsync().ConfigureAwait(false) is not true)
                    return "other instances handle its messages";
            }

            var move = wanted % shards == 0
                ? new NpgsqlCommand(Multiply, connection) { Parameters = { Sql.Integer(id), Sql.Integer(shards), Sql.Integer(wanted) } }
                : new NpgsqlCommand(Renew, connection) { Parameters = { Sql.Integer(id), Sql.Integer(shards), Sql.Integer(wanted), Sql.Text(channel), Sql.Bigint(cluster.System), Sql.Bigint(cluster.Base) } };
            await using (move.ConfigureAwait(false))
            {
                if (await move.ExecuteNonQueryAsync().ConfigureAwait(false) != wanted)
                    return "messages are waiting, and it is not a multiple";
            }

            var rest = new NpgsqlCommand(Rest, connection) { Parameters = { Sql.Integer(id), Sql.Integer(wanted) } };
            await using (rest.ConfigureAwait(false))
                await rest.ExecuteNonQueryAsync().ConfigureAwait(false);
            await transaction.CommitAsync().ConfigureAwait(false);
            return null;
        }
    }
}
