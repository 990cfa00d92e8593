using System.Globalization;
using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace PgListener.Durable.Publishing;

/// <summary>The statement that has the readers of channels look at the log, in a transaction of its own.</summary>
internal static class WakeUpCommand
{
    // Each transaction that notifies holds a lock of the whole server until its commit is on the disk. This one has nothing to lose, so it does not wait for that:
    // other notifications would have to wait behind it.
    private const string Begin = "SELECT pg_catalog.set_config('synchronous_commit', 'off', true)";

    /// <param name="connection">An open connection without a transaction.</param>
    /// <param name="channels">The channels' names in the log; at least one.</param>
    /// <param name="cancellationToken">Cancels the command.</param>
    public static async Task<int> ExecuteAsync(NpgsqlConnection connection, IReadOnlyCollection<string> channels, CancellationToken cancellationToken)
    {
        var command = connection.CreateCommand();
        await using (command.ConfigureAwait(false))
        {
            var text = new StringBuilder(Begin);
            foreach (var channel in channels)
            {
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = channel, NpgsqlDbType = NpgsqlDbType.Text });
                text.Append(CultureInfo.InvariantCulture, $", pg_catalog.pg_notify(${command.Parameters.Count}, '')");
            }

            command.CommandText = text.ToString();
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            return channels.Count;
        }
    }
}
