using System.Globalization;
using System.Text;
using Npgsql;

namespace PgListener.Durable.Log;

/// <summary>Reads the log. One statement reads a page, whatever the length of the backlog.</summary>
internal static class LogReader
{
    // While a partition has no statistics, the planner takes the rows of a channel for few, and would fetch and sort all that are waiting, for each page.
    // The settings last for the transaction, which is that of the batch.
    private const string Settings = Sql.WithoutCompiling + ", set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true)";

    // Two streams, merged by id. Messages of transactions that had not begun in the old snapshot have ids above the floor. Those of transactions that were in
    // progress then may have any id, so they are found by the number of their transaction; its bounds are written as a row comparison with the id,
    // because a prepared statement would otherwise use the index by id, and go through the whole backlog to find few messages.
    // The first row is not a message: it has the snapshot at the window's end. The ids are those of a sequence that begins with 1. At the beginning of a window it also has the highest id
    // of the channel, so that the floor of a shard without messages rises with those of the others; otherwise each look would go through all of theirs.
    private const string Text = $$"""
        WITH w AS MATERIALIZED (
            SELECT COALESCE($6::pg_snapshot, {{CurrentSnapshot.Sql}}) AS upto, $5::pg_snapshot AS seen
        ), page AS (
            SELECT * FROM (
                SELECT m.id, m.key, m.bucket, m.payload, m.headers, m.at
                FROM pglistener.message m
                WHERE m.channel = $1 AND m.id > GREATEST($4, $7) AND m.bucket % $2 = $3
                  AND CASE WHEN m.id <= $8 THEN {0}
                      ELSE m.tx >= (SELECT pg_snapshot_xmax(seen) FROM w) AND pg_visible_in_snapshot(m.tx, (SELECT upto FROM w)) END
                ORDER BY m.id LIMIT $9) begun_since
            UNION ALL
            SELECT * FROM (
                SELECT late.id, late.key, late.bucket, late.payload, late.headers, late.at
                FROM (SELECT pg_snapshot_xip(seen) AS tx FROM w) ended
                CROSS JOIN LATERAL (
                    SELECT m.id, m.key, m.bucket, m.payload, m.headers, m.at
                    FROM pglistener.message m
                    WHERE m.channel = $1 AND (m.tx, m.id) > (ended.tx, GREATEST($7, $8)) AND m.tx <= ended.tx AND m.bucket % $2 = $3
                    ORDER BY m.tx, m.id LIMIT $9) late
                WHERE pg_visible_in_snapshot(ended.tx, (SELECT upto FROM w))
                ORDER BY late.id LIMIT $9) ended_since
            ORDER BY id LIMIT $9
        ), bounded AS (
            SELECT *, sum(octet_length(payload)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) - octet_length(payload) AS before FROM page
        )
        SELECT 0::bigint AS id, upto::text AS key, NULL::smallint AS bucket, NULL::bytea AS payload,
            CASE WHEN $2 > 1 AND $6 IS NULL THEN (
                SELECT m.id FROM pglistener.message m
                WHERE m.channel = $1 AND (m.id <= $8 OR pg_visible_in_snapshot(m.tx, (SELECT upto FROM w)))
                ORDER BY m.id DESC LIMIT 1) END::text AS headers,
            NULL::timestamptz AS at
        FROM w
        UNION ALL
        SELECT id, key, bucket, payload, headers::text, at FROM bounded WHERE before < $10
        ORDER BY id
        """;

    // Up to the base, the numbers of transactions are those of an earlier cluster, and everything is visible.
    private static readonly string Ordinary = Text.Replace("{0}", "true", StringComparison.Ordinal);

    private static readonly string Restored = Text.Replace("{0}", PositionParameters.RestoredCondition, StringComparison.Ordinal);

    /// <summary>Reads a page.</summary>
    /// <param name="connection">An open connection, outside a transaction: the statement's snapshot may become the end of a window.</param>
    /// <param name="channel">What to read.</param>
    /// <param name="position">Where to read on.</param>
    /// <param name="clusterBase">The highest id that the log had when it came into this cluster.</param>
    /// <param name="limit">The most messages to read.</param>
    /// <param name="maxBytes">Ends the page after the message whose payload exceeds this number of bytes.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public static async Task<LogPage> ReadAsync(
        NpgsqlConnection connection, LogChannel channel, LogPosition position, long clusterBase, int limit, long maxBytes, CancellationToken cancellationToken)
    {
        var batch = new NpgsqlBatch(connection) { BatchCommands = { new(Settings), CreateCommand(channel, position, clusterBase, limit, maxBytes) } };
        await using (batch.ConfigureAwait(false))
        {
            await batch.PrepareAsync(cancellationToken).ConfigureAwait(false); // Once for each session: planning takes longer than reading.
            var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                var upto = reader.GetString(1);
                var floor = reader.IsDBNull(4) ? 0 : long.Parse(reader.GetString(4), CultureInfo.InvariantCulture);
                var messages = new List<LogMessage>();
                var bytes = 0L;
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    var payload = reader.GetFieldValue<byte[]>(3);
                    bytes += payload.Length;
                    messages.Add(new(
                        reader.GetInt64(0),
                        reader.IsDBNull(1) ? null : reader.GetString(1),
                        reader.GetInt16(2),
                        Encoding.UTF8.GetString(payload),
                        reader.IsDBNull(4) ? null : reader.GetString(4),
                        reader.GetFieldValue<DateTimeOffset>(5)));
                }

                return new(upto, messages, messages.Count < limit && bytes < maxBytes) { Floor = floor };
            }
        }
    }

    private static NpgsqlBatchCommand CreateCommand(LogChannel channel, LogPosition position, long clusterBase, int limit, long maxBytes)
    {
        var command = new NpgsqlBatchCommand(position.Restored is null ? Ordinary : Restored);
        PositionParameters.AddTo(command, channel, position, clusterBase, limit, Sql.Bigint(maxBytes));
        return command;
    }
}
