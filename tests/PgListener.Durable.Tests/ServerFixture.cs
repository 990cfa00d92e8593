using PgListener.TestServer;

[assembly: AssemblyFixture(typeof(PgListener.Durable.Tests.ServerFixture))]

namespace PgListener.Durable.Tests;

/// <summary>The server that the tests share. Each test has a database of its own, with the schema of durable channels.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private ITestServer? _server;

    public string ConnectionString => _server!.ConnectionString;

    public async ValueTask InitializeAsync() => _server = await TestServers.StartAsync();

    public ValueTask DisposeAsync() => _server!.DisposeAsync();

    /// <summary>Creates an empty database.</summary>
    /// <returns>The connection string.</returns>
    public Task<string> CreateDatabaseAsync() => EmptyDatabase.CreateAsync(ConnectionString, "durable", TestContext.Current.CancellationToken);
}
