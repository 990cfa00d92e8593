using Npgsql;
using PgListener;
using WebApi.Sales;

namespace WebApi.Orders;

/// <summary>The orders in the database. Scoped, as a <c>DbContext</c> would be.</summary>
internal sealed class OrderStore(ShopDatabase database, INotificationPublisher publisher) : IOrderStore
{
    /// <summary>Writes the order and publishes it in one transaction: for the sales as a notification, and for the browsers as a message. Both are sent when the order is committed, or never.</summary>
    public async Task<Order> PlaceAsync(NewOrder order, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        await using var insert = new NpgsqlCommand("insert into orders (product, quantity) values ($1, $2) returning id, product, quantity, placed_at", connection)
        {
            Parameters = { new() { Value = order.Product }, new() { Value = order.Quantity } },
        };
        var placed = (await ReadAsync(insert, ReadOrder, cancellationToken))[0];

        await publisher.PublishAsync(new OrderPlaced(placed.Id, placed.Product, placed.Quantity, placed.PlacedAt), transaction, cancellationToken);
        await publisher.PublishAsync(new LiveOrder(placed.Id, placed.Product, placed.Quantity, placed.PlacedAt), transaction, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return placed;
    }

    public async Task<List<Order>> LatestAsync(int limit, CancellationToken cancellationToken)
        => await QueryAsync("select id, product, quantity, placed_at from orders order by id desc limit $1", limit, ReadOrder, cancellationToken);

    public async Task<Order?> FindAsync(long id, CancellationToken cancellationToken)
        => (await QueryAsync("select id, product, quantity, placed_at from orders where id = $1", id, ReadOrder, cancellationToken)).FirstOrDefault();

    public async Task<List<ProductSales>> SalesAsync(string? product, CancellationToken cancellationToken)
        => await QueryAsync(
            "select product, count(*), sum(quantity) from orders where $1::text is null or product = $1 group by product",
            (object?)product ?? DBNull.Value,
            static row => new ProductSales(row.GetString(0), row.GetInt64(1), row.GetInt64(2)),
            cancellationToken);

    private static Order ReadOrder(NpgsqlDataReader row)
        => new(row.GetInt64(0), row.GetString(1), row.GetInt32(2), row.GetFieldValue<DateTimeOffset>(3));

    private async Task<List<T>> QueryAsync<T>(string sql, object parameter, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = parameter } } };
        return await ReadAsync(command, read, cancellationToken);
    }

    private static async Task<List<T>> ReadAsync<T>(NpgsqlCommand command, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }
}
