using Npgsql;

namespace PgListener.Testing;

/// <summary>The only proof that a server is ready: it answers a query.</summary>
internal static class Readiness
{
    /// <summary>Returns the version of the server, or null when it does not answer yet or is not the one of that name.</summary>
    public static async Task<Version?> AskVersionAsync(string connectionString, string clusterName, CancellationToken cancellationToken)
    {
        var unpooled = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        var connection = new NpgsqlConnection(unpooled.ConnectionString);
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
                var command = new NpgsqlCommand("SHOW cluster_name", connection);
                await using (command.ConfigureAwait(false))
                {
                    // Somebody else's server may have taken the port before ours could.
                    var name = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
                    return Equals(name, clusterName) ? connection.PostgreSqlVersion : null;
                }
            }
            catch (NpgsqlException)
            {
                // It does not listen yet, or is still starting up. If that does not change, its log says why.
                return null;
            }
        }
    }
}
