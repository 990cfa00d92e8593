using Npgsql;

namespace PgListener.Durable.Membership;

/// <summary>Finds the cluster's identifier, and the base that the table <c>cluster</c> has for it.</summary>
internal sealed class PlainClusterDiscovery : IClusterDiscovery
{
    private const string Text = """
        SELECT c.system_identifier, COALESCE((SELECT base FROM pglistener.cluster WHERE system = c.system_identifier ORDER BY n DESC LIMIT 1), 0)
        FROM pg_catalog.pg_control_system() c
        """;

    public async Task<Cluster> DiscoverAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Text, connection);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                return new(reader.GetInt64(0), reader.GetInt64(1));
            }
        }
    }
}
