using Npgsql;
using PgListener.Durable.Log;
using PgListener.Durable.Membership;
using PgListener.Durable.Positions;

namespace PgListener.Durable.Operations;

/// <summary>Reads where subscriptions are.</summary>
/// <param name="prefix">The prefix of the channels' names in the log.</param>
internal sealed class StatusQuery(string prefix)
{
    /// <summary>The most messages of a shard that are counted for a status.</summary>
    public const int MaxLag = 10_000;

    // classid and objid are the halves of the key, which pg_locks shows as two unsigned numbers.
    private static readonly string Shards = $"""
        WITH locks AS MATERIALIZED (
            SELECT (classid::bigint << 32) | objid::bigint AS key, pid
            FROM pg_locks
            WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid::bigint >> 8 = {AdvisoryKey.Prefix}
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        ), retries AS MATERIALIZED (
            SELECT s.id, r.bucket % s.shards AS shard, count(*) FILTER (WHERE r.dead_at IS NULL) AS waiting, count(r.dead_at) AS dead, min(r.dead_at) AS oldest
            FROM pglistener.retry r JOIN pglistener.subscription s ON s.id = r.subscription
            GROUP BY 1, 2
        )
        SELECT s.id, s.channel, s.name, s.instance, s.shards, s.paused_at, s.seen_at,
            (SELECT count(*) FROM locks WHERE key = {AdvisoryKey.Of(0, 0)} + (s.id::bigint << 9) + {AdvisoryKey.MemberSlot}),
            p.shard, p.n, p.system, p.seen::text, p.floor, p.upto::text, p.last_id, p.done::text, p.restored::text, p.holder, p.at,
            l.pid, a.application_name, host(a.client_addr), COALESCE(r.waiting, 0), COALESCE(r.dead, 0), r.oldest
        FROM pglistener.subscription s
        CROSS JOIN generate_series(0, s.shards - 1) AS shard
        CROSS JOIN LATERAL (SELECT * FROM pglistener.position WHERE subscription = s.id AND position.shard = shard.shard ORDER BY n DESC LIMIT 1) p
        LEFT JOIN locks l ON l.key = {AdvisoryKey.Of(0, 0)} + (s.id::bigint << 9) + shard.shard
        LEFT JOIN pg_stat_activity a ON a.pid = l.pid
        LEFT JOIN retries r ON r.id = s.id AND r.shard = shard.shard
        WHERE starts_with(s.channel, $1)
        ORDER BY s.channel, s.name, s.instance, p.shard
        """;

    private const string Size = "SELECT COALESCE(sum(pg_total_relation_size(inhrelid)), 0)::bigint FROM pg_inherits WHERE inhparent = 'pglistener.message'::regclass";

    /// <summary>Reads the size of the log in bytes.</summary>
    public static async Task<long> ReadSizeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Size, connection);
        await using (command.ConfigureAwait(false))
            return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Reads the subscriptions with their shards.</summary>
    public async Task<IReadOnlyList<(SubscriptionRow Subscription, IReadOnlyList<ShardRow> Shards)>> ReadRowsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var found = new List<(SubscriptionRow Subscription, IReadOnlyList<ShardRow> Shards)>();
        var batch = new NpgsqlBatch(connection) { BatchCommands = { new(Sql.WithoutCompiling), new(Shards) { Parameters = { Sql.Text(prefix) } } } };
        await using (batch.ConfigureAwait(false))
        {
            var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
                var shards = new List<ShardRow>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    if (found.Count == 0 || found[^1].Subscription.Id != reader.GetInt32(0))
                        found.Add((SubscriptionOf(reader), shards = []));
                    shards.Add(ShardOf(reader));
                }
            }
        }

        return found;
    }

    /// <summary>Reads where subscriptions are.</summary>
    /// <param name="connection">An open connection, outside a transaction.</param>
    /// <param name="isWanted">Which subscriptions.</param>
    /// <param name="capOf">The most messages of a shard to count, by the number of the subscription's shards.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public async Task<IReadOnlyList<DurableSubscriptionStatus>> ReadAsync(
        NpgsqlConnection connection, Func<DurableSubscriptionName, bool> isWanted, Func<int, int> capOf, CancellationToken cancellationToken)
    {
        var cluster = await new PlainClusterDiscovery().DiscoverAsync(connection, cancellationToken).ConfigureAwait(false);
        var rows = (await ReadRowsAsync(connection, cancellationToken).ConfigureAwait(false)).Where(row => isWanted(row.Subscription.Name)).ToArray();
        var lags = await ReadLagsAsync(connection, rows, cluster, capOf, cancellationToken).ConfigureAwait(false);
        return [.. rows.Select(row => StatusOf(row.Subscription, row.Shards, lags))];
    }

    /// <summary>Counts what is waiting at one position.</summary>
    public static async Task<ShardLag> ReadLagAsync(NpgsqlConnection connection, LogChannel channel, LogPosition position, long clusterBase, int cap, CancellationToken cancellationToken)
    {
        var batch = new NpgsqlBatch(connection) { BatchCommands = { new(Sql.WithoutCompiling), LagCommand.Create(channel, position, clusterBase, cap) } };
        await using (batch.ConfigureAwait(false))
        {
            var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                return LagCommand.Read(reader, cap);
            }
        }
    }

    /// <summary>All in one round trip.</summary>
    private static async Task<Queue<ShardLag>> ReadLagsAsync(
        NpgsqlConnection connection, (SubscriptionRow Subscription, IReadOnlyList<ShardRow> Shards)[] rows, Cluster cluster, Func<int, int> capOf, CancellationToken cancellationToken)
    {
        var lags = new Queue<ShardLag>();
        var batch = new NpgsqlBatch(connection) { BatchCommands = { new(Sql.WithoutCompiling) } };
        await using (batch.ConfigureAwait(false))
        {
            var caps = new List<int>();
            foreach (var (subscription, shards) in rows)
            {
                foreach (var shard in shards)
                {
                    caps.Add(capOf(subscription.Shards));
                    batch.BatchCommands.Add(LagCommand.Create(subscription.ShardOf(shard.Shard), HeldPosition.InCluster(shard.Position, cluster.System), cluster.Base, caps[^1]));
                }
            }

            if (caps.Count == 0)
                return lags;

            var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.NextResultAsync(cancellationToken).ConfigureAwait(false))
                {
                    await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                    lags.Enqueue(LagCommand.Read(reader, caps[lags.Count]));
                }
            }
        }

        return lags;
    }

    private static DurableSubscriptionStatus StatusOf(SubscriptionRow row, IReadOnlyList<ShardRow> shards, Queue<ShardLag> lags) => new()
    {
        Name = row.Name,
        Id = row.Id,
        PausedSince = row.PausedAt,
        SeenAt = row.SeenAt,
        Members = row.Members,
        Shards = [.. shards.Select(shard => StatusOf(shard, lags.Dequeue()))],
    };

    private static DurableShardStatus StatusOf(ShardRow row, ShardLag lag) => new()
    {
        Shard = row.Shard,
        Holder = row.Holder,
        PositionAt = row.At,
        LagMessages = lag.Messages,
        IsLagAtLeast = lag.IsAtLeast,
        Lag = lag.Age,
        NextMessage = lag.Next,
        Retries = row.Retries,
        DeadLetters = row.DeadLetters,
        OldestDeadLetter = row.OldestDeadLetter,
    };

    private SubscriptionRow SubscriptionOf(NpgsqlDataReader reader) => new(
        reader.GetInt32(0),
        reader.GetString(1),
        new(reader.GetString(1)[prefix.Length..], reader.GetString(2), reader.GetString(3)),
        reader.GetInt16(4),
        TimeOf(reader, 5),
        reader.GetFieldValue<DateTimeOffset>(6),
        (int)reader.GetInt64(7));

    private static ShardRow ShardOf(NpgsqlDataReader reader) => new(
        reader.GetInt16(8),
        PositionCommands.RowFrom(reader, 9),
        reader.GetFieldValue<DateTimeOffset>(18),
        reader.GetValue(19) is int process ? new(reader.GetString(17), process, reader.GetValue(20) is string { Length: > 0 } application ? application : null, reader.GetValue(21) as string) : null)
    {
        Retries = reader.GetInt64(22),
        DeadLetters = reader.GetInt64(23),
        OldestDeadLetter = TimeOf(reader, 24),
    };

    private static DateTimeOffset? TimeOf(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
}
