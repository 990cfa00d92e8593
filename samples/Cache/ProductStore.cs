using Npgsql;

namespace Cache;

public sealed record Product(long Id, string Name, decimal Price);

/// <summary>The products in the database. The trigger notifies of every change, whether by this application, another one, or psql.</summary>
internal sealed class ProductStore(NpgsqlDataSource dataSource)
{
    public async Task CreateTableAsync(CancellationToken cancellationToken)
    {
        // The lock is for two instances that start at the same time.
        await using var command = dataSource.CreateCommand("""
            select pg_advisory_xact_lock(5082);
            create table if not exists products (id bigint primary key, name text not null, price numeric not null);
            insert into products values (1, 'Espresso', 2.5), (2, 'Flat white', 4), (3, 'Croissant', 3) on conflict do nothing;
            create or replace function product_changed() returns trigger language plpgsql as $$
            begin
                if tg_op <> 'INSERT' then perform pg_catalog.pg_notify('product_changed', old.id::text); end if;
                if tg_op <> 'DELETE' then perform pg_catalog.pg_notify('product_changed', new.id::text); end if; -- The same one twice is sent once.
                return null;
            end $$;
            create or replace trigger product_changed after insert or update or delete on products
                for each row execute function product_changed();
            """);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<Product?> FindAsync(long id)
    {
        await using var command = dataSource.CreateCommand("select id, name, price from products where id = $1");
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? new(reader.GetInt64(0), reader.GetString(1), reader.GetDecimal(2)) : null;
    }
}
