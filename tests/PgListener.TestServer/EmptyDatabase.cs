using Npgsql;

namespace PgListener.TestServer;

/// <summary>Databases of a server that tests share.</summary>
public static class EmptyDatabase
{
    /// <summary>Creates an empty database.</summary>
    /// <param name="server">The connection string of the server.</param>
    /// <param name="prefix">The beginning of the database's name.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The connection string.</returns>
    public static async Task<string> CreateAsync(string server, string prefix, CancellationToken cancellationToken)
    {
        var name = $"{prefix}_{Guid.NewGuid():n}";
        await using var admin = NpgsqlDataSource.Create(server);
        await using var command = admin.CreateCommand($"create database {name}");
        command.CommandTimeout = 120;
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
    }
}
