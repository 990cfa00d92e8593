using Npgsql;
using PgListener;
using WebApi.Orders;

namespace WebApi.Sales;

/// <summary>
/// Keeps the board up to date. It counts nothing itself but asks the database for the product's sum: so it does not matter
/// if a notification comes twice, or tells of an order that <see cref="ResyncAsync"/> has read already.
/// </summary>
/// <param name="store">Scoped: each notification has its own.</param>
/// <param name="board">Where the result goes.</param>
internal sealed class SalesHandler(IOrderStore store, SalesBoard board) : INotificationHandler<OrderPlaced>, IResyncHandler<OrderPlaced>
{
    private const int Attempts = 5;

    /// <summary>An order was placed.</summary>
    public async Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
    {
        // Anyone who may connect to the database can notify. A product of which there are no orders changes nothing.
        foreach (var sales in await ReadAsync(notification.Value.Product, cancellationToken))
            board.Set(sales);
    }

    /// <summary>Orders may have been missed (at the start, after a reconnect, after an overflow): reads everything again.</summary>
    public async Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        => board.Replace(await store.SalesAsync(product: null, cancellationToken));

    /// <summary>
    /// Reads, a few times if need be: the handler is not called again for a notification that it has failed for. Should the database be
    /// gone altogether, the listener knows, and a resync follows, which is called until it succeeds.
    /// </summary>
    private async Task<List<ProductSales>> ReadAsync(string product, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await store.SalesAsync(product, cancellationToken);
            }
            catch (NpgsqlException e) when (e.IsTransient && attempt < Attempts)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200 * attempt), cancellationToken);
            }
        }
    }
}
