using Npgsql;

namespace WebApi;

/// <summary>The shop's connection pool. The listener has a separate connection, on which nothing else runs.</summary>
internal sealed class ShopDatabase(NpgsqlDataSource dataSource)
{
    // The lock is for two instances of the shop that start at the same time.
    private const string CreateTables = """
        select pg_advisory_xact_lock(5080);
        create table if not exists orders (
            id bigint generated always as identity primary key,
            product text not null,
            quantity int not null,
            placed_at timestamptz not null default now());
        create index if not exists orders_product on orders (product);
        """;

    private volatile bool _hasTables;

    /// <summary>Opens a connection. The first one makes the tables, so the shop can start before its database does.</summary>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        if (_hasTables)
            return connection;

        try
        {
            await using var command = new NpgsqlCommand(CreateTables, connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
            _hasTables = true;
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}

internal static class ShopDatabaseExtensions
{
    public static void AddShopDatabase(this IServiceCollection services)
    {
        services.AddSingleton(provider =>
            NpgsqlDataSource.Create(provider.GetRequiredService<IConfiguration>().GetConnectionString("Postgres")!));
        services.AddSingleton<ShopDatabase>();
    }
}
