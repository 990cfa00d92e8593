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
    public Task<string> CreateDatabaseAsync() => EmptyDatabase.CreateAsync(_server!.ConnectionString, "ef", TestContext.Current.CancellationToken);
}
