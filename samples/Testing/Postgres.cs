using Npgsql;
using PgListener.Testing;

namespace Testing;

/// <summary>One throw-away server for all tests, with a database for each test, so that tests can run in parallel.</summary>
public sealed class Postgres : IAsyncLifetime
{
    private EphemeralPostgres? _server;

    public async ValueTask InitializeAsync() => _server = await EphemeralPostgres.LaunchAsync(cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Creates an empty database.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"shop_{Guid.NewGuid():N}";
        await using var source = NpgsqlDataSource.Create(_server!.ConnectionString);
        await using var command = source.CreateCommand($"create database {name}");
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Database = name }.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }
}
