using Npgsql;

namespace PgListener.Connections;

/// <summary>Identifies a server and a session on it. Two connections to different servers do not receive each other's notifications.</summary>
/// <param name="Server">The start of the server, and its database.</param>
/// <param name="Address">The address that the server reports, for messages.</param>
/// <param name="Backend">The process of the session. A pooler reports an invented one; this is the real one.</param>
/// <param name="Started">When that process started, in seconds.</param>
internal sealed record ServerIdentity(string Server, string Address, string Backend, string Started)
{
    private const string Query =
        """
        SELECT pg_catalog.concat(pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()), '/', pg_catalog.current_database()),
            pg_catalog.concat(pg_catalog.host(pg_catalog.inet_server_addr()), ':', pg_catalog.inet_server_port(), '/', pg_catalog.current_database()),
            pg_catalog.pg_backend_pid()::pg_catalog.text,
            coalesce((SELECT pg_catalog.concat(pg_catalog.date_part('epoch', backend_start)) FROM pg_catalog.pg_stat_activity WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()), '')
        """;

    /// <summary>Asks the server.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="timeout">Npgsql's own limit, in seconds; 0 for none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns><see langword="null"/> if the server refuses.</returns>
    public static async Task<ServerIdentity?> FindAsync(NpgsqlConnection connection, int timeout, CancellationToken cancellationToken)
    {
        try
        {
            var command = new NpgsqlCommand(Query, connection) { CommandTimeout = timeout };
            await using (command.ConfigureAwait(false))
            {
                var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    return await reader.ReadAsync(cancellationToken).ConfigureAwait(false)
                        ? new(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3))
                        : null;
                }
            }
        }
        catch (PostgresException) when (connection.FullState == System.Data.ConnectionState.Open)
        {
            return null; // A privilege was revoked, or the server is only compatible with PostgreSQL: then nothing is compared.
        }
    }

    /// <summary>Whether the session still exists, asked on another connection.</summary>
    public async Task<bool> IsAliveAsync(NpgsqlConnection other, CancellationToken cancellationToken)
    {
        const string Alive =
            """
            SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid::pg_catalog.text OPERATOR(pg_catalog.=) $1
                AND (backend_start IS NULL OR $2 OPERATOR(pg_catalog.=) '' OR pg_catalog.concat(pg_catalog.date_part('epoch', backend_start)) OPERATOR(pg_catalog.=) $2)
            """;
        var command = new NpgsqlCommand(Alive, other) { CommandTimeout = 0 };
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = Backend });
            command.Parameters.Add(new() { Value = Started });
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not null;
        }
    }
}
