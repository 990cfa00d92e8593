namespace PgListener.Durable.Retention;

/// <summary>The SQL that tells which messages a position has not passed: those that <see cref="Log.LogReader"/> would still read.</summary>
internal static class Unpassed
{
    /// <summary>
    /// The positions in force as a common table expression named <c>pos</c>. Parameters: $1 the cluster. One of an earlier cluster is shown as it is taken over: everything again, without what was handled there.
    /// </summary>
    /// <param name="condition">Which subscriptions, of the table <c>s</c>.</param>
    public static string Positions(string condition = "true") => $"""
        pos AS MATERIALIZED (
            SELECT s.id AS subscription, s.channel, s.name, s.shards, p.shard, p.done, ARRAY(SELECT pg_snapshot_xip(p.seen)) AS xip, p.seen, p.floor, p.upto, p.last_id,
                (p.restored ->> 'seen')::pg_snapshot AS r_seen, (p.restored ->> 'floor')::bigint AS r_floor,
                (p.restored ->> 'upto')::pg_snapshot AS r_upto, (p.restored ->> 'lastId')::bigint AS r_last,
                ARRAY(SELECT jsonb_array_elements_text(p.restored -> 'done')::bigint) AS r_done
            FROM pglistener.subscription s
            CROSS JOIN generate_series(0, s.shards - 1) AS k (shard)
            CROSS JOIN LATERAL (
                SELECT * FROM pglistener.position WHERE subscription = s.id AND shard = k.shard ORDER BY n DESC LIMIT 1) latest
            CROSS JOIN LATERAL (
                SELECT latest.shard, latest.seen, latest.floor, latest.upto, latest.last_id, latest.done, latest.restored
                WHERE latest.system = $1
                UNION ALL
                SELECT latest.shard, '1:1:', 0, NULL, 0, array[]::bigint[], COALESCE(latest.restored, jsonb_build_object(
                    'seen', latest.seen::text, 'floor', latest.floor, 'upto', latest.upto::text, 'lastId', latest.last_id, 'done', to_jsonb(latest.done)))
                WHERE latest.system <> $1) p
            WHERE {condition}
        )
        """;

    /// <summary>Whether the position <c>p</c> has not passed the row <c>m</c>, of its channel or not. Parameters: $2 the cluster's base.</summary>
    public const string Condition = """
        m.channel = p.channel AND m.bucket % p.shards = p.shard AND m.id <> ALL (p.done)
        AND CASE WHEN m.id <= $2 THEN
            m.id > GREATEST(p.floor, p.last_id)
            AND (p.r_seen IS NULL OR NOT (m.id <= p.r_floor AND pg_visible_in_snapshot(m.tx, p.r_seen))
                AND NOT (p.r_upto IS NOT NULL AND m.id <= p.r_last AND pg_visible_in_snapshot(m.tx, p.r_upto))
                AND m.id <> ALL (p.r_done))
        ELSE
            ((m.tx >= pg_snapshot_xmax(p.seen) AND m.id > p.floor) OR m.tx = ANY (p.xip))
            AND NOT (p.upto IS NOT NULL AND m.id <= p.last_id AND pg_visible_in_snapshot(m.tx, p.upto))
        END
        """;

    /// <summary>Whether there is such a row in a table, found by the index by transaction, in which only the numbers from the snapshot's oldest on can be; and by id up to the base.</summary>
    public static string Exists(string table) => $"""
        (EXISTS (SELECT FROM {table} m WHERE m.channel = p.channel AND m.tx >= pg_snapshot_xmin(p.seen) AND m.id > $2 AND {Condition})
        OR EXISTS (SELECT FROM {table} m WHERE m.channel = p.channel AND m.id > GREATEST(p.floor, p.last_id) AND m.id <= $2 AND {Condition}))
        """;

    /// <summary>The channels that a table has messages of, as a recursive common table expression named <c>channels</c>: one step in the index for each.</summary>
    public static string Channels(string table) => $"""
        channels AS (
            (SELECT m.channel FROM {table} m ORDER BY m.channel LIMIT 1)
            UNION ALL
            SELECT (SELECT m.channel FROM {table} m WHERE m.channel > c.channel ORDER BY m.channel LIMIT 1) FROM channels c WHERE c.channel IS NOT NULL
        )
        """;
}
