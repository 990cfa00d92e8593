using Npgsql;
using NpgsqlTypes;

namespace PgListener.Publishing;

/// <summary>Sends notifications in one statement.</summary>
internal static class NotifyCommand
{
    private const string One = "SELECT pg_notify($1, $2)";

    // In the order of the arrays, and with a single row for an answer.
    private const string Many = "SELECT count(pg_notify(channel, payload)) FROM unnest($1, $2) AS n (channel, payload)";

    public static async Task ExecuteAsync(NpgsqlConnection connection, IReadOnlyList<Outgoing> notifications, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(notifications.Count == 1 ? One : Many, connection);
        await using (command.ConfigureAwait(false))
        {
            if (notifications.Count == 1)
            {
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = notifications[0].Channel, NpgsqlDbType = NpgsqlDbType.Text });
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = notifications[0].Payload, NpgsqlDbType = NpgsqlDbType.Text });
            }
            else
            {
                command.Parameters.Add(ArrayOf(notifications, static notification => notification.Channel));
                command.Parameters.Add(ArrayOf(notifications, static notification => notification.Payload));
            }

            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static NpgsqlParameter<string[]> ArrayOf(IReadOnlyList<Outgoing> notifications, Func<Outgoing, string> select)
        => new() { TypedValue = [.. notifications.Select(select)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}
