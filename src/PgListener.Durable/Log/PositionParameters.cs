using Npgsql;

namespace PgListener.Durable.Log;

/// <summary>The parameters of the statements that look at the log from a position on. As text, because a data source without arrays and without the types of snapshots must do.</summary>
internal static class PositionParameters
{
    /// <summary>The condition that a row up to the base was not handled in an earlier cluster.</summary>
    public const string RestoredCondition = """
        NOT (m.id <= $12 AND pg_visible_in_snapshot(m.tx, $11::pg_snapshot))
        AND NOT ($13::text IS NOT NULL AND m.id <= $14 AND pg_visible_in_snapshot(m.tx, $13::pg_snapshot))
        AND m.id <> ALL ($15::text::bigint[])
        """;

    /// <summary>Adds them.</summary>
    /// <param name="command">The statement.</param>
    /// <param name="channel">$1 to $3.</param>
    /// <param name="position">$4 to $7, and of an earlier cluster $11 to $15.</param>
    /// <param name="clusterBase">$8: the highest id that the log had when it came into this cluster.</param>
    /// <param name="limit">$9.</param>
    /// <param name="own">$10, which is the statement's own.</param>
    public static void AddTo(NpgsqlBatchCommand command, LogChannel channel, LogPosition position, long clusterBase, int limit, NpgsqlParameter own)
    {
        Add(Sql.Text(channel.Name), Sql.Smallint(channel.Shards), Sql.Smallint(channel.Shard));
        Add(Sql.Bigint(position.Floor), Sql.Text(position.Seen), Sql.Text(position.Upto), Sql.Bigint(position.LastId));
        Add(Sql.Bigint(clusterBase), Sql.Integer(limit), own);
        if (position.Restored is { } restored)
            Add(Sql.Text(restored.Seen), Sql.Bigint(restored.Floor), Sql.Text(restored.Upto), Sql.Bigint(restored.LastId), Sql.Text(BigintArray.Format(restored.Done)));

        void Add(params ReadOnlySpan<NpgsqlParameter> parameters)
        {
            foreach (var parameter in parameters)
                command.Parameters.Add(parameter);
        }
    }
}
