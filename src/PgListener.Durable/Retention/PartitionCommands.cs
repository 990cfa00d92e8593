using System.Text.Json;
using Npgsql;

namespace PgListener.Durable.Retention;

/// <summary>The statements on the log's partitions.</summary>
internal static class PartitionCommands
{
    // The bounds are read in the session that has written them, so they mean the same in every time zone. A minute is left for rows that are being written.
    private const string List = """
        SELECT COALESCE(json_agg(json_build_object('name', name, 'from', lower, 'until', upper,
            'isOver', COALESCE(upper < now() - interval '1 minute', false), 'isOverAge', COALESCE(upper < now() - $1 * interval '1 second', false)) ORDER BY upper), '[]')::text
        FROM (
            SELECT format('%I.%I', n.nspname, c.relname) AS name, substring(bound FROM 'FROM \(''(.+?)''\)')::timestamptz AS lower, substring(bound FROM ' TO \(''(.+?)''\)')::timestamptz AS upper
            FROM pg_catalog.pg_inherits i
            JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN LATERAL pg_get_expr(c.relpartbound, c.oid) AS bound
            WHERE i.inhparent = 'pglistener.message'::regclass) AS partition
        """;

    private const string Owner = """
        SELECT quote_ident(pg_get_userbyid(c.relowner))
        FROM pg_catalog.pg_class c
        WHERE c.oid = 'pglistener.message'::regclass AND pg_has_role(c.relowner, 'USAGE') AND has_schema_privilege(c.relnamespace, 'CREATE')
        """;

    // The days from today on for which there is no partition; with a mark those of which the default partition has rows.
    private const string Missing = """
        WITH missing AS MATERIALIZED (
            SELECT day
            FROM generate_series(0, $1) AS ahead
            CROSS JOIN LATERAL (SELECT date_trunc('day', now(), 'UTC') + ahead * interval '24 hours' AS day) AS days
            WHERE NOT EXISTS (
                SELECT FROM json_to_recordset($2::json) AS p ("from" timestamptz, until timestamptz)
                WHERE p."from" < day + interval '24 hours' AND p.until > day)
        ), present AS MATERIALIZED (
            SELECT DISTINCT date_trunc('day', at, 'UTC') AS day FROM pglistener.message_default WHERE at >= (SELECT min(day) FROM missing)
        )
        SELECT COALESCE(json_agg(to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD') || CASE WHEN day IN (SELECT day FROM present) THEN '!' ELSE '' END ORDER BY day), '[]')::text
        FROM missing
        """;

    private const string NoteLosses = """
        INSERT INTO pglistener.loss (subscription, shard, since, until, messages)
        SELECT l.subscription, l.shard, l.since, l.until, l.messages
        FROM json_to_recordset($1::json) AS l (subscription int, shard smallint, since timestamptz, until timestamptz, messages bigint)
        JOIN pglistener.subscription s ON s.id = l.subscription
        """;

    /// <summary>Lists the partitions, the oldest first.</summary>
    public static Task<IReadOnlyList<LogPartition>> ListAsync(NpgsqlConnection connection, TimeSpan maxAge, CancellationToken cancellationToken)
        => RetentionTransaction.ReadAsync(connection, List, RetentionJson.Default.IReadOnlyListLogPartition, cancellationToken, Sql.Bigint((long)maxAge.TotalSeconds));

    /// <summary>The owner of the log, quoted where needed; <see langword="null"/> if this role may not make and remove partitions.</summary>
    public static async Task<string?> OwnerAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
        => await RetentionTransaction.ReadAsync(connection, Owner, cancellationToken).ConfigureAwait(false) as string;

    /// <summary>The days that have no partition, from today on, as <c>yyyyMMdd</c>, followed by <c>!</c> if the default partition has messages of the day.</summary>
    public static Task<IReadOnlyList<string>> MissingDaysAsync(NpgsqlConnection connection, int ahead, IReadOnlyList<LogPartition> partitions, CancellationToken cancellationToken)
        => RetentionTransaction.ReadAsync(
            connection, Missing, RetentionJson.Default.IReadOnlyListString, cancellationToken,
            Sql.Integer(ahead), Sql.Text(JsonSerializer.Serialize(partitions, RetentionJson.Default.IReadOnlyListLogPartition)));

    /// <summary>Makes the partition of a day. Publishers go on meanwhile, unless they may write messages of that day now.</summary>
    public static async Task<bool> MakeAsync(NpgsqlConnection connection, DateOnly day, string owner, CancellationToken cancellationToken)
    {
        // CREATE TABLE PARTITION OF would lock out all publishers.
        var name = $"pglistener.message_{day:yyyyMMdd}";
        await RetentionTransaction.ExecuteAsync(connection, $"CREATE TABLE {name} (LIKE pglistener.message INCLUDING DEFAULTS); ALTER TABLE {name} OWNER TO {owner}", cancellationToken).ConfigureAwait(false);

        // A publisher that has chosen the default partition already, because there was no other, would find it closed to its message, and fail. So it ends before, or begins after.
        if (await RetentionTransaction.ReadAsync(connection, $"SELECT clock_timestamp() > '{day:yyyy-MM-dd} 00:00:00+00'::timestamptz - interval '1 hour'", cancellationToken).ConfigureAwait(false) is true)
            await RetentionTransaction.ExecuteAsync(connection, "LOCK TABLE ONLY pglistener.message IN SHARE ROW EXCLUSIVE MODE", cancellationToken).ConfigureAwait(false);
        await RetentionTransaction.ExecuteAsync(
            connection, $"ALTER TABLE pglistener.message ATTACH PARTITION {name} FOR VALUES FROM ('{day:yyyy-MM-dd} 00:00:00+00') TO ('{day.AddDays(1):yyyy-MM-dd} 00:00:00+00')", cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Finds out what still needs a partition.</summary>
    public static Task<PartitionState> StateAsync(NpgsqlConnection connection, LogPartition partition, Membership.Cluster cluster, CancellationToken cancellationToken)
        => RetentionTransaction.ReadAsync(
            connection,
            State(partition.Name),
            RetentionJson.Default.PartitionState, cancellationToken,
            Sql.Bigint(cluster.System), Sql.Bigint(cluster.Base), Sql.Boolean(partition.IsOverAge));

    /// <summary>Empties a partition, and notes what is lost by that. Keeps readers waiting, but not publishers.</summary>
    /// <returns>Whether it was done; not if it has changed since its state was read: a transaction that published into it was committed, or another instance has emptied it.</returns>
    public static async Task<bool> EmptyAsync(NpgsqlConnection connection, LogPartition partition, PartitionState state, Membership.Cluster cluster, CancellationToken cancellationToken)
    {
        // With the lock, no transaction that has published into it is in progress.
        await RetentionTransaction.ExecuteAsync(connection, $"LOCK TABLE ONLY {partition.Name} IN ACCESS EXCLUSIVE MODE", cancellationToken).ConfigureAwait(false);
        if (await RetentionTransaction.ReadAsync(connection, HasChanged(partition.Name), cancellationToken, Sql.Text(state.Snapshot), Sql.Bigint(cluster.Base)).ConfigureAwait(false) is true)
            return false;

        if (state.Losses.Count > 0)
            await RetentionTransaction.ExecuteAsync(connection, NoteLosses, cancellationToken, Sql.Text(JsonSerializer.Serialize(state.Losses, RetentionJson.Default.IReadOnlyListLoss))).ConfigureAwait(false);
        await RetentionTransaction.ReadAsync(connection, NoteRemoval(partition.Name), cancellationToken, Sql.Bigint(cluster.System), Sql.Bigint(cluster.Base)).ConfigureAwait(false);
        await RetentionTransaction.ExecuteAsync(connection, $"TRUNCATE ONLY {partition.Name}", cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Removes a partition that is empty. Keeps publishers and readers waiting; the locks are taken in the order in which theirs are.</summary>
    /// <returns>Whether it was done; not if it has a row again.</returns>
    public static async Task<bool> RemoveAsync(NpgsqlConnection connection, LogPartition partition, CancellationToken cancellationToken)
    {
        await RetentionTransaction.ExecuteAsync(
            connection, $"LOCK TABLE ONLY pglistener.message IN ACCESS EXCLUSIVE MODE; LOCK TABLE ONLY {partition.Name} IN ACCESS EXCLUSIVE MODE", cancellationToken).ConfigureAwait(false);
        if (await RetentionTransaction.ReadAsync(connection, $"SELECT EXISTS (SELECT FROM {partition.Name})", cancellationToken).ConfigureAwait(false) is true)
            return false;

        await RetentionTransaction.ExecuteAsync(connection, $"DROP TABLE {partition.Name}", cancellationToken).ConfigureAwait(false);
        return true;
    }

    // All that the positions need of it. If it is removed all the same, what they miss is counted exactly, without a lock.
    private static string State(string table) => $"""
        WITH RECURSIVE {Unpassed.Positions()}, {Unpassed.Channels(table)}
        SELECT json_build_object(
            'snapshot', pg_current_snapshot()::text,
            'isEmpty', NOT EXISTS (SELECT FROM {table}),
            'isAwaited', NOT $3 AND EXISTS (SELECT FROM pos p WHERE {Unpassed.Exists(table)}),
            'isUnheard', EXISTS (SELECT FROM channels c WHERE c.channel IS NOT NULL AND NOT EXISTS (SELECT FROM pglistener.subscription s WHERE s.channel = c.channel)),
            'losses', (
                SELECT COALESCE(json_agg(lost), '[]')
                FROM (
                    SELECT p.subscription, p.shard, p.name AS handler, p.channel, min(m.at) AS since, max(m.at) AS until, count(*) AS messages
                    FROM pos p JOIN {table} m ON {Unpassed.Condition}
                    WHERE $3
                    GROUP BY p.subscription, p.shard, p.name, p.channel) lost))::text
        """;

    // Whether another instance has emptied it since its state was read, or there is a row that was not visible yet at that time. Up to the base, all were.
    private static string HasChanged(string table) => $"""
        WITH RECURSIVE {Unpassed.Channels(table)}
        SELECT NOT EXISTS (SELECT FROM {table}) OR EXISTS (
            SELECT FROM channels c
            CROSS JOIN LATERAL (
                SELECT FROM {table} m
                WHERE m.channel = c.channel AND m.tx >= pg_snapshot_xmin($1::pg_snapshot) AND m.id > $2 AND NOT pg_visible_in_snapshot(m.tx, $1::pg_snapshot)
                LIMIT 1) late)
        """;

    private static string NoteRemoval(string table) => $"""
        WITH RECURSIVE {Unpassed.Channels(table)}
        {Removal.Note($"SELECT c.channel, last.tx FROM channels c CROSS JOIN LATERAL (SELECT m.tx FROM {table} m WHERE m.channel = c.channel AND m.id > $2 ORDER BY m.tx DESC LIMIT 1) last", "$1")}
        """;
}
