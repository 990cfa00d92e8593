using Npgsql;

namespace PgListener.Testing;

/// <summary>Checks that a server is ready: it answers a query.</summary>
internal static class Readiness
{
    private const int ConnectSeconds = 5;

    /// <summary>Asks a server for its version.</summary>
    /// <returns>
    /// The version; or how it refuses, in its own words; or neither, when it does not answer yet, is starting up, or is not the one of that name.
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
                    // Somebody else's server may have taken the port before ours could.
                    var name = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
                    return Equals(name, clusterName) ? (connection.PostgreSqlVersion, null) : (null, null);
                }
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.TooManyConnections)
            {
                // It is starting up, or about to end, which the caller will see, or so ready that others have taken every place.
                return (null, null);
            }
            catch (PostgresException e)
            {
                return (null, $"{e.SqlState}: {e.MessageText}{(e.Detail is null ? "" : $" {e.Detail}")}");
            }
            catch (Exception e) when (e is NpgsqlException { InnerException: null } or ArgumentException or FormatException or NotSupportedException or InvalidOperationException)
            {
                // Not the network's doing, so it does not get better: the answer, or a variable of the environment, is not what it should be.
                return (null, e.Message);
            }
            catch (NpgsqlException)
            {
                // Nobody listens yet. If that does not change, its log says why.
                return (null, null);
            }
        }
    }

    /// <summary>Returns a connection string for a connection of our own, on which no variable of the environment has a say.</summary>
    public static string Careful(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString)
    {
        Pooling = false,
        Enlist = false,
        Timeout = ConnectSeconds,
        ApplicationName = "PgListener.Testing",
        ClientEncoding = "UTF8",
        Timezone = "UTC",
        // Not empty, which would count as not given.
        Options = "-c statement_timeout=0",
        RequireAuth = "ScramSHA256",
    }.ConnectionString;
}
