using Npgsql;
using PgListener.TestServer;

[assembly: AssemblyFixture(typeof(PgListener.Caching.Tests.ServerFixture))]

namespace PgListener.Caching.Tests;

/// <summary>The server that the tests share. Each test has channels of its own.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private ITestServer? _server;

    public string ConnectionString => _server!.ConnectionString;

    public async ValueTask InitializeAsync() => _server = await TestServers.StartAsync();

    public ValueTask DisposeAsync() => _server!.DisposeAsync();

    /// <summary>Creates an empty database.</summary>
    /// <returns>The connection string.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"caching_{Guid.NewGuid():n}";
        await using var admin = NpgsqlDataSource.Create(ConnectionString);
        await using var command = admin.CreateCommand($"create database {name}");
        command.CommandTimeout = 120;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name }.ConnectionString;
    }

    /// <summary>A channel that no other test uses.</summary>
    public static string NewChannel() => $"cache_{Guid.NewGuid():n}";
}
