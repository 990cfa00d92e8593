using Npgsql;
using PgListener.Samples.Tests;
using PgListener.TestServer;

[assembly: AssemblyFixture(typeof(Server))]

namespace PgListener.Samples.Tests;

/// <summary>The server of all tests. Each test has a database of its own on it.</summary>
public sealed class Server : IAsyncLifetime
{
    private ITestServer? _server;

    public async ValueTask InitializeAsync() => _server = await TestServers.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    /// <summary>Makes an empty database.</summary>
    internal async Task<Database> CreateDatabaseAsync()
    {
        var name = $"sample_{Guid.NewGuid():N}";
        await ExecuteAsync($"create database {name}");
        return new(
            new NpgsqlConnectionStringBuilder(_server!.ConnectionString) { Database = name, ApplicationName = null }.ConnectionString,
            () => ExecuteAsync($"drop database {name} with (force)"));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_server!.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
