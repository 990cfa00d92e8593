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
    public Task<string> CreateDatabaseAsync() => EmptyDatabase.CreateAsync(ConnectionString, "caching", TestContext.Current.CancellationToken);

    /// <summary>A channel that no other test uses.</summary>
    public static string NewChannel() => $"cache_{Guid.NewGuid():n}";
}
