using Npgsql;
using PgListener.TestServer;

[assembly: AssemblyFixture(typeof(PgListener.EntityFrameworkCore.Tests.ServerFixture))]

namespace PgListener.EntityFrameworkCore.Tests;

/// <summary>The server that the tests share. Each test has a database of its own.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private ITestServer? _server;

    public async ValueTask InitializeAsync() => _server = await TestServers.StartAsync();

    public ValueTask DisposeAsync() => _server!.DisposeAsync();

    /// <summary>Creates an empty database.</summary>
    /// <returns>The connection string.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"ef_{Guid.NewGuid():n}";
        await using var admin = NpgsqlDataSource.Create(_server!.ConnectionString);
        await using var command = admin.CreateCommand($"create database {name}");
        command.CommandTimeout = 120;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Database = name }.ConnectionString;
    }
}
