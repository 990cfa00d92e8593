using Npgsql;
using PgListener;

namespace Cache;

public sealed record Product(long Id, string Name, decimal Price);

/// <summary>The products in the database.</summary>
internal sealed class ProductStore(NpgsqlDataSource dataSource)
{
    /// <summary>Its triggers tell of every change, whether by this application, another one, or psql.</summary>
    public static readonly ChangeFeed Feed = ChangeFeed.For("public.products").Key("id");

    public async Task CreateTableAsync(CancellationToken cancellationToken)
    {
        // The lock is for two instances that start at the same time.
        await using var command = dataSource.CreateCommand($"""
            select pg_advisory_xact_lock(5082);
            create table if not exists products (id bigint primary key, name text not null, price numeric not null);
            insert into products values (1, 'Espresso', 2.5), (2, 'Flat white', 4), (3, 'Croissant', 3) on conflict do nothing;
            {Feed.Script}
            """);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async ValueTask<Product?> FindAsync(long id, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("select id, name, price from products where id = $1");
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new(reader.GetInt64(0), reader.GetString(1), reader.GetDecimal(2)) : null;
    }
}
