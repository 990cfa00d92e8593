using Npgsql;
using PgListener.Testing;
using PgListener.TestServer;

namespace PgListener.Durable.Tests;

/// <summary>A server on which nothing happens but what one test does: each number of a transaction is one of the test's. It allows prepared transactions.</summary>
[CollectionDefinition(nameof(QuietServer))]
public sealed class QuietServer : IAsyncLifetime, ICollectionFixture<QuietServer>
{
    private EphemeralPostgres? _server;

    public EphemeralPostgres Server => _server!;

    public async ValueTask InitializeAsync()
    {
        var options = new EphemeralPostgresOptions { ServerSettings = { ["autovacuum"] = "off", ["max_prepared_transactions"] = "50", ["max_connections"] = "400" } };
        _server = await EphemeralPostgres.LaunchAsync(options, TestContext.Current.CancellationToken);
    }

    /// <summary>Creates a database with the schema.</summary>
    public async Task<LogDatabase> CreateLogAsync()
    {
        var database = await EmptyDatabase.CreateAsync(Server.ConnectionString, "durable", TestContext.Current.CancellationToken);
        return await LogDatabase.CreateAsync(new NpgsqlConnectionStringBuilder(database) { MaxPoolSize = 300 }.ConnectionString);
    }

    public ValueTask DisposeAsync() => _server!.DisposeAsync();
}
