using System.Data.Common;
using Npgsql;
using PgListener.Durable.Log;

namespace PgListener.Durable.Positions;

/// <summary>The statements on positions.</summary>
internal static class PositionCommands
{
    // The lock on the row that the position stands on closes the last gap: that row can be removed only after it was followed by others, so as long as it is
    // there, a second row n + 1 is a violation of the primary key; and while it is locked, it stays. A holder that was overtaken inserts nothing.
    // Nor does one that has taken the position before a crash of the server.
    private const string Move = """
        INSERT INTO pglistener.position (subscription, shard, n, system, seen, floor, upto, last_id, done, restored, holder)
        SELECT subscription, shard, n + 1, $4, $5::pg_snapshot, $6, $7::pg_snapshot, $8, $9::bigint[], $10::jsonb, $11
        FROM pglistener.position
        WHERE subscription = $1 AND shard = $2 AND n = $3 AND EXISTS (SELECT FROM pglistener.server_run WHERE id = $12::uuid)
        FOR KEY SHARE
        """;

    private const string Read = """
        SELECT n, system, seen::text, floor, upto::text, last_id, done::text, restored::text, holder
        FROM pglistener.position
        WHERE subscription = $1 AND shard = $2
        ORDER BY n DESC
        LIMIT 1
        """;

    private const string EnterRun = "INSERT INTO pglistener.server_run DEFAULT VALUES ON CONFLICT DO NOTHING";

    private const string ReadRun = "SELECT id::text FROM pglistener.server_run";

    // From the oldest on, so that what is left is always without a hole.
    private const string Prune = """
        DELETE FROM pglistener.position
        WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM pglistener.position WHERE subscription = $1 AND shard = $2 AND n < $3 ORDER BY n FOR UPDATE))
        """;

    /// <summary>Reads the row that is in force.</summary>
    /// <returns><see langword="null"/> if the subscription no longer exists.</returns>
    public static async Task<PositionRow?> ReadAsync(NpgsqlConnection connection, ShardKey shard, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Read, connection) { Parameters = { Sql.Integer(shard.Subscription), Sql.Smallint(shard.Shard) } };
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
                return await reader.ReadAsync(cancellationToken).ConfigureAwait(false) ? RowFrom(reader) : null;
        }
    }

    /// <summary>Reads what identifies the time from one crash of the server to the next.</summary>
    public static async Task<string> ReadServerRunAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var batch = new NpgsqlBatch(connection) { BatchCommands = { new(EnterRun), new(ReadRun) } };
        await using (batch.ConfigureAwait(false))
            return (string)(await batch.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Creates the statement that moves a position. It affects one row; none if the row is no longer there, and it violates the primary key if another holder has moved it.</summary>
    /// <param name="shard">Whose position it is.</param>
    /// <param name="n">The number of the row that is in force.</param>
    /// <param name="system">The cluster.</param>
    /// <param name="next">The new position.</param>
    /// <param name="holder">Who moves it.</param>
    /// <param name="serverRun">The run of the server in which it was taken.</param>
    public static NpgsqlBatchCommand CreateMove(ShardKey shard, long n, long system, LogPosition next, string holder, string serverRun)
    {
        var command = new NpgsqlBatchCommand(Move);
        foreach (var parameter in MoveParameters(shard, n, system, next, holder, serverRun))
            command.Parameters.Add(parameter);
        return command;
    }

    /// <summary>Does the same on a connection of the caller's, which may wrap Npgsql's.</summary>
    public static async Task<int> MoveAsync(
        DbTransaction transaction, ShardKey shard, long n, long system, LogPosition next, string holder, string serverRun, CancellationToken cancellationToken)
    {
        var command = transaction.Connection!.CreateCommand();
        await using (command.ConfigureAwait(false))
        {
            command.CommandText = Move;
            command.Transaction = transaction;
            foreach (var parameter in MoveParameters(shard, n, system, next, holder, serverRun))
                command.Parameters.Add(parameter);
            return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes the rows below a number.</summary>
    public static async Task PruneAsync(NpgsqlConnection connection, ShardKey shard, long below, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Prune, connection) { Parameters = { Sql.Integer(shard.Subscription), Sql.Smallint(shard.Shard), Sql.Bigint(below) } };
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private static NpgsqlParameter[] MoveParameters(ShardKey shard, long n, long system, LogPosition next, string holder, string serverRun) =>
    [
        Sql.Integer(shard.Subscription),
        Sql.Smallint(shard.Shard),
        Sql.Bigint(n),
        Sql.Bigint(system),
        Sql.Text(next.Seen),
        Sql.Bigint(next.Floor),
        Sql.Text(next.Upto),
        Sql.Bigint(next.LastId),
        Sql.Text(BigintArray.Format(next.Done)),
        Sql.Text(RestoredJson.Format(next.Restored)),
        Sql.Text(holder),
        Sql.Text(serverRun),
    ];

    /// <summary>Reads a row whose columns begin at one of the reader's.</summary>
    public static PositionRow RowFrom(NpgsqlDataReader reader, int first = 0) => new(
        reader.GetInt64(first),
        reader.GetInt64(first + 1),
        new()
        {
            Seen = reader.GetString(first + 2),
            Floor = reader.GetInt64(first + 3),
            Upto = reader.GetValue(first + 4) as string,
            LastId = reader.GetInt64(first + 5),
            Done = BigintArray.Parse(reader.GetString(first + 6)),
            Restored = RestoredJson.Parse(reader.GetValue(first + 7) as string),
        },
        reader.GetString(first + 8));
}
