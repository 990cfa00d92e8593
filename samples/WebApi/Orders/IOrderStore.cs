using WebApi.Sales;

namespace WebApi.Orders;

/// <summary>Where the orders are.</summary>
internal interface IOrderStore
{
    /// <summary>Writes the order and notifies.</summary>
    Task<Order> PlaceAsync(NewOrder order, CancellationToken cancellationToken);

    /// <summary>The latest orders, newest first.</summary>
    Task<List<Order>> LatestAsync(int limit, CancellationToken cancellationToken);

    Task<Order?> FindAsync(long id, CancellationToken cancellationToken);

    /// <summary>The sales of every product, or of one.</summary>
    Task<List<ProductSales>> SalesAsync(string? product, CancellationToken cancellationToken);
}
