using PgListener;
using WebApi.Orders;
using WebApi.Sales;

namespace Testing;

/// <summary>The shop's orders without a database.</summary>
internal sealed class MemoryOrders(INotificationPublisher? publisher = null) : IOrderStore
{
    private readonly Lock _sync = new();
    private readonly List<Order> _orders = [];
    private TaskCompletionSource? _asked;

    /// <summary>Adds an order, as if another instance of the shop had.</summary>
    public Order Add(string product, int quantity)
    {
        lock (_sync)
        {
            var order = new Order(_orders.Count + 1, product, quantity, DateTimeOffset.UnixEpoch);
            _orders.Add(order);
            return order;
        }
    }

    /// <summary>From now on no query is answered.</summary>
    /// <returns>Completes when a query waits.</returns>
    public Task StopAnswering() => (_asked = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public async Task<Order> PlaceAsync(NewOrder order, CancellationToken cancellationToken)
    {
        var placed = Add(order.Product, order.Quantity);
        await publisher!.PublishAsync(new OrderPlaced(placed.Id, placed.Product, placed.Quantity, placed.PlacedAt), cancellationToken);
        return placed;
    }

    public Task<List<Order>> LatestAsync(int limit, CancellationToken cancellationToken)
    {
        lock (_sync)
            return Task.FromResult(_orders.AsEnumerable().Reverse().Take(limit).ToList());
    }

    public Task<Order?> FindAsync(long id, CancellationToken cancellationToken)
    {
        lock (_sync)
            return Task.FromResult(_orders.Find(order => order.Id == id));
    }

    public async Task<List<ProductSales>> SalesAsync(string? product, CancellationToken cancellationToken)
    {
        if (_asked is { } asked)
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        lock (_sync)
        {
            return [.. _orders.Where(order => product is null || order.Product == product).GroupBy(order => order.Product, StringComparer.Ordinal)
                .Select(orders => new ProductSales(orders.Key, orders.Count(), orders.Sum(order => order.Quantity)))];
        }
    }
}
