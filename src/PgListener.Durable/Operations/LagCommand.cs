using Npgsql;
using PgListener.Durable.Log;

namespace PgListener.Durable.Operations;

/// <summary>The statement that counts the messages which a position has not got to.</summary>
internal static class LagCommand
{
    // As LogReader finds them, but in all windows that follow: what is visible now, and neither in the old snapshot nor in the part of the window that was walked. Both streams are in
    // the order of an index and limited, so that a backlog does not matter. A transaction that was in progress in the window's end may have ids below the last one that was handled.
    private const string Text = """
        WITH position AS MATERIALIZED (
            SELECT $5::pg_snapshot AS seen, $6::pg_snapshot AS upto
        ), ended AS MATERIALIZED (
            SELECT pg_snapshot_xip(seen) AS tx FROM position UNION SELECT pg_snapshot_xip(upto) FROM position
        )
        SELECT count(*), min(id), (extract(epoch FROM clock_timestamp() - min(at)) * 1000)::float8
        FROM (
            SELECT * FROM (
                SELECT m.id, m.at
                FROM pglistener.message m
                WHERE m.channel = $1 AND m.id > GREATEST($4, $7) AND m.bucket % $2 = $3 AND m.id <> ALL ($10::text::bigint[])
                  AND CASE WHEN m.id <= $8 THEN {0} ELSE m.tx >= (SELECT pg_snapshot_xmax(seen) FROM position) END
                ORDER BY m.id LIMIT $9) begun_since
            UNION ALL
            SELECT * FROM (
                SELECT late.id, late.at
                FROM ended
                CROSS JOIN LATERAL (
                    SELECT m.id, m.at
                    FROM pglistener.message m
                    WHERE m.channel = $1 AND (m.tx, m.id) > (ended.tx, $8) AND m.tx <= ended.tx AND m.bucket % $2 = $3 AND m.id <> ALL ($10::text::bigint[])
                      AND CASE WHEN ended.tx < (SELECT pg_snapshot_xmax(seen) FROM position)
                          THEN NOT ($7 > 0 AND m.id <= $7 AND pg_visible_in_snapshot(m.tx, (SELECT upto FROM position)))
                          ELSE m.id <= GREATEST($4, $7) END
                    ORDER BY m.tx, m.id LIMIT $9) late
                ORDER BY late.id LIMIT $9) ended_since
            ORDER BY id LIMIT $9) waiting
        """;

    private static readonly string Ordinary = Text.Replace("{0}", "true", StringComparison.Ordinal);
    private static readonly string Restored = Text.Replace("{0}", PositionParameters.RestoredCondition, StringComparison.Ordinal);

    /// <summary>Creates the statement. Its row is the number, the lowest id, and the age of the oldest in milliseconds.</summary>
    /// <param name="channel">What is read.</param>
    /// <param name="position">The position.</param>
    /// <param name="clusterBase">The highest id that the log had when it came into this cluster.</param>
    /// <param name="cap">The most to count.</param>
    public static NpgsqlBatchCommand Create(LogChannel channel, LogPosition position, long clusterBase, int cap)
    {
        var command = new NpgsqlBatchCommand(position.Restored is null ? Ordinary : Restored);
        PositionParameters.AddTo(command, channel, position, clusterBase, cap + 1, Sql.Text(BigintArray.Format(position.Done)));
        return command;
    }

    /// <summary>Reads the answer to one such statement.</summary>
    public static ShardLag Read(NpgsqlDataReader reader, int cap) => new(
        Math.Min(reader.GetInt64(0), cap),
        reader.GetInt64(0) > cap,
        reader.GetValue(1) as long?,
        reader.GetValue(2) is double milliseconds ? TimeSpan.FromMilliseconds(Math.Max(0, milliseconds)) : null);
}
