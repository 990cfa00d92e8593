using Npgsql;
using PgListener.TestServer;
using WebApi.Tests;

[assembly: AssemblyFixture(typeof(TestDatabase))]

namespace WebApi.Tests;

/// <summary>The server of all tests. Each test has a database of its own on it.</summary>
public sealed class TestDatabase : IAsyncLifetime
{
    private ITestServer? _server;

    public static string? Given => Environment.GetEnvironmentVariable(TestServers.Variable) is { Length: > 0 } given ? given : null;

    public string ConnectionString => _server!.ConnectionString;

    public async ValueTask InitializeAsync() => _server = await TestServers.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    /// <summary>Makes an empty database.</summary>
    /// <param name="how">Further clauses of <c>CREATE DATABASE</c>.</param>
    internal async Task<ShopData> CreateAsync(string how = "")
    {
        var name = $"shop_{Guid.NewGuid():N}";
        await ExecuteAsync($"create database {name} {how}");
        return new(
            new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name, ApplicationName = null }.ConnectionString,
            () => ExecuteAsync($"drop database {name} with (force)"));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false });
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
