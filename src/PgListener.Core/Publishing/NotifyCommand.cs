using System.Data.Common;
using Npgsql;
using NpgsqlTypes;

namespace PgListener.Publishing;

/// <summary>
/// The statement that sends notifications. Every name in it is qualified, because the caller's search path may lead to another
/// function of the same name.
/// </summary>
internal static class NotifyCommand
{
    private const string One = "SELECT pg_catalog.pg_notify($1, $2)";

    // In the order of the arrays, and with a single row as the answer. The arrays are written as text, because a data source may not be
    // able to write arrays (NpgsqlSlimDataSourceBuilder), and a statement has at most 65,535 parameters.
    private const string Many =
        "SELECT pg_catalog.count(pg_catalog.pg_notify(n.channel, n.payload)) " +
        "FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS n (channel, payload)";

    /// <summary>Sends notifications in one statement.</summary>
    /// <param name="connection">A connection of Npgsql's, or one that wraps it.</param>
    /// <param name="notifications">At least one.</param>
    /// <param name="cancellationToken">Cancels the command.</param>
    public static async Task<int> ExecuteAsync(DbConnection connection, IReadOnlyList<Outgoing> notifications, CancellationToken cancellationToken)
    {
        var command = connection.CreateCommand();
        await using (command.ConfigureAwait(false))
        {
            command.CommandText = Fill(command.Parameters, notifications, IsUtf8(connection), out var arrays);
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            arrays.GiveBack();
            return notifications.Count;
        }
    }

    /// <summary>Whether a connection uses UTF-8, as nearly all do. Not known of a wrapped connection.</summary>
    public static bool IsUtf8(DbConnection connection)
        => connection is NpgsqlConnection npgsql && npgsql.PostgresParameters.TryGetValue("client_encoding", out var encoding) && encoding == "UTF8";

    /// <summary>Adds the parameters to a command.</summary>
    /// <param name="parameters">The command's parameters, of Npgsql's.</param>
    /// <param name="notifications">At least one.</param>
    /// <param name="isUtf8">Whether the connection uses UTF-8.</param>
    /// <param name="arrays">The arrays that the command reads. Dispose of them only when it has succeeded: a failed command may still be writing.</param>
    /// <returns>The command's text.</returns>
    public static string Fill(DbParameterCollection parameters, IReadOnlyList<Outgoing> notifications, bool isUtf8, out NotifyArrays arrays)
    {
        if (notifications.Count == 1)
        {
            arrays = default;
            parameters.Add(new NpgsqlParameter<string> { TypedValue = notifications[0].Channel, NpgsqlDbType = NpgsqlDbType.Text });
            parameters.Add(new NpgsqlParameter<string> { TypedValue = notifications[0].Payload, NpgsqlDbType = NpgsqlDbType.Text });
            return One;
        }

        arrays = NotifyArrays.Of(notifications);
        arrays.AddTo(parameters, isUtf8);
        return Many;
    }
}
