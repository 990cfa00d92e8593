namespace PgListener.Durable.Membership;

/// <summary>The statement of a look.</summary>
internal static class LookStatement
{
    // The parts of the result are computed in their order: the locks that are listed are those after the changes.
    //
    // Whether there is news is asked as LogReader reads it, in two streams, each in the order of an index with a limit of one row, so that a backlog does not matter: messages of transactions
    // that had not begun in the snapshot, above the floor; and those of transactions that were in progress then. That the rows are visible says that their transactions have been committed.
    //
    // seen_at tells maintenance which subscriptions are in use, to the minute. A row that is locked can wait.
    public static string Text { get; } = $"""
        WITH request AS MATERIALIZED (
            SELECT r, (r ->> 'base')::bigint AS base FROM (SELECT $1::json AS r) given
        ), wanted AS MATERIALIZED (
            SELECT id::int AS id FROM request, json_array_elements_text(r -> 'subscriptions') AS id
        ), noted AS (
            UPDATE pglistener.subscription SET seen_at = now()
            WHERE id IN (
                SELECT s.id FROM pglistener.subscription s
                WHERE s.id IN (SELECT id FROM wanted) AND s.seen_at < now() - interval '1 minute'
                FOR NO KEY UPDATE SKIP LOCKED)
        )
        SELECT json_build_object(
            'pid', pg_backend_pid(),
            'left', (SELECT count(*) FROM json_array_elements_text(r -> 'leave') AS key WHERE pg_advisory_unlock_shared(key::bigint)),
            'joined', (SELECT COALESCE(json_agg(key::bigint), '[]') FROM json_array_elements_text(r -> 'join') AS key WHERE pg_try_advisory_lock_shared(key::bigint)),
            'released', (SELECT count(*) FROM json_array_elements_text(r -> 'release') AS key WHERE pg_advisory_unlock(key::bigint)),
            'taken', (SELECT COALESCE(json_agg(key::bigint), '[]') FROM json_array_elements_text(r -> 'take') AS key WHERE pg_try_advisory_lock(key::bigint)),
            'locks', (
                SELECT COALESCE(json_agg(json_build_object('key', key, 'pid', pid)), '[]')
                FROM (
                    SELECT (classid::bigint << 32) | objid::bigint AS key, pid
                    FROM pg_locks
                    WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid::bigint >> 8 = {AdvisoryKey.Prefix}
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) held
                WHERE (key >> 9) & 2147483647 IN (SELECT id FROM wanted)),
            'subscriptions', (
                SELECT COALESCE(json_agg(json_build_object('id', id, 'shards', shards, 'paused', paused_at IS NOT NULL)), '[]')
                FROM pglistener.subscription
                WHERE id IN (SELECT id FROM wanted)),
            'news', (
                SELECT COALESCE(json_agg(json_build_object('subscription', w.subscription, 'shard', w.shard, 'retries', due.retries)), '[]')
                FROM json_to_recordset(r -> 'waiting')
                    AS w (subscription int, shard smallint, shards smallint, channel text, seen pg_snapshot, floor bigint)
                CROSS JOIN LATERAL (
                    SELECT EXISTS (
                        SELECT FROM pglistener.retry t
                        WHERE t.subscription = w.subscription AND t.bucket % w.shards = w.shard AND t.next_at <= now() AND t.dead_at IS NULL) AS retries) due
                WHERE due.retries OR (
                    SELECT true
                    FROM pglistener.message m
                    WHERE m.channel = w.channel AND m.id > w.floor AND m.bucket % w.shards = w.shard
                        AND (m.id <= base OR m.tx >= pg_snapshot_xmax(w.seen))
                    ORDER BY m.id LIMIT 1)
                OR EXISTS (
                    SELECT FROM (SELECT pg_snapshot_xip(w.seen) AS tx) ended
                    CROSS JOIN LATERAL (
                        SELECT
                        FROM pglistener.message m
                        WHERE m.channel = w.channel AND (m.tx, m.id) > (ended.tx, base) AND m.tx <= ended.tx AND m.bucket % w.shards = w.shard
                        ORDER BY m.tx, m.id LIMIT 1) late)
                OR EXISTS (SELECT FROM pglistener.loss l WHERE l.subscription = w.subscription AND l.shard = w.shard))
            )::text
        FROM request
        """;
}
