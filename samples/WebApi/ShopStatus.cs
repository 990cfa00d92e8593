using PgListener;
using WebApi.Sales;

namespace WebApi;

/// <summary>What the shop is doing at the moment.</summary>
/// <param name="State">The listener's state.</param>
/// <param name="Since">Since when.</param>
/// <param name="Products">What the handler has made of the notifications; nothing before it has read the orders for the first time.</param>
public sealed record ShopStatus(string State, DateTimeOffset Since, IReadOnlyList<ProductSales>? Products)
{
    internal static ShopStatus Of(IPgListener listener, SalesBoard board)
    {
        var status = listener.Status;
        return new(status.State.ToString(), status.Since, board.Products);
    }
}
