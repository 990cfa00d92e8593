using Npgsql;

namespace PgListener.Testing;

/// <summary>Checks that a server is ready: it answers a query.</summary>
internal static class Readiness
{
    private const int ConnectSeconds = 5;

    /// <summary>Asks a server for its version.</summary>
    /// <returns>
    /// The version; or the server's message when it refuses; or neither, when it does not answer yet, is starting up, or is another server.
    /// </returns>
    public static async Task<(Version? Version, string? Refusal)> AskAsync(string connectionString, string clusterName, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(Careful(connectionString));
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
                var command = new NpgsqlCommand("SHOW cluster_name", connection);
                await using (command.ConfigureAwait(false))
                {
                    // Another server may have taken the port first.
                    var name = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
                    return Equals(name, clusterName) ? (connection.PostgreSqlVersion, null) : (null, null);
                }
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.TooManyConnections)
            {
                // It is starting up, or about to end, which the caller notices, or all of its connections are in use.
                return (null, null);
            }
            catch (PostgresException e)
            {
                return (null, $"{e.SqlState}: {e.MessageText}{(e.Detail is null ? "" : $" {e.Detail}")}");
            }
            catch (Exception e) when (e is NpgsqlException { InnerException: null } or ArgumentException or FormatException or NotSupportedException or InvalidOperationException)
            {
                // Not a failure of the network, so waiting does not help: the answer, or an environment variable, is wrong.
                return (null, e.Message);
            }
            catch (NpgsqlException)
            {
                // The server does not accept connections yet. If that does not change, its log says why.
                return (null, null);
            }
        }
    }

    /// <summary>Returns a connection string that no environment variable affects.</summary>
    public static string Careful(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString)
    {
        Pooling = false,
        Enlist = false,
        Timeout = ConnectSeconds,
        ApplicationName = "PgListener.Testing",
        ClientEncoding = "UTF8",
        Timezone = "UTC",
        // Not empty, because an empty value counts as missing.
        Options = "-c statement_timeout=0",
        RequireAuth = "ScramSHA256",
    }.ConnectionString;
}
