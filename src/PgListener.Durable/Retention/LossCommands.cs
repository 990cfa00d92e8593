using System.Data.Common;
using Npgsql;
using PgListener.Durable.Positions;

namespace PgListener.Durable.Retention;

/// <summary>The statements on what a shard has lost.</summary>
internal static class LossCommands
{
    // The rows are named by where they are, because more may come while the handler is told. None of them is ever moved while a shard is held.
    private const string Read = """
        SELECT min(since), max(until), sum(messages)::bigint, string_agg(ctid::text, ' ')
        FROM pglistener.loss WHERE subscription = $1 AND shard = $2
        HAVING count(*) > 0
        """;

    private const string Delete = "DELETE FROM pglistener.loss WHERE subscription = $1 AND shard = $2 AND ctid = ANY (string_to_array($3, ' ')::tid[])";

    /// <summary>Reads it, as one.</summary>
    /// <returns><see langword="null"/> if nothing is lost.</returns>
    public static async Task<(DateTimeOffset Since, DateTimeOffset Until, long Messages, string Rows)?> ReadAsync(NpgsqlConnection connection, ShardKey shard, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Read, connection) { Parameters = { Sql.Integer(shard.Subscription), Sql.Smallint(shard.Shard) } };
        await using (command.ConfigureAwait(false))
        {
            DbDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                return await reader.ReadAsync(cancellationToken).ConfigureAwait(false)
                    ? (reader.GetFieldValue<DateTimeOffset>(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetInt64(2), reader.GetString(3))
                    : null;
            }
        }
    }

    /// <summary>Removes what was told.</summary>
    public static async Task DeleteAsync(NpgsqlConnection connection, ShardKey shard, string rows, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Delete, connection) { Parameters = { Sql.Integer(shard.Subscription), Sql.Smallint(shard.Shard), Sql.Text(rows) } };
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
