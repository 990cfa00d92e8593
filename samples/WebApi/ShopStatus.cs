using PgListener;
using WebApi.Sales;

namespace WebApi;

/// <summary>The shop's current status.</summary>
/// <param name="State">The listener's state.</param>
/// <param name="Since">When the listener entered that state.</param>
/// <param name="Products">The sales that the handler has read; null before the first time.</param>
public sealed record ShopStatus(string State, DateTimeOffset Since, IReadOnlyList<ProductSales>? Products)
{
    internal static ShopStatus Of(IPgListener listener, SalesBoard board)
    {
        var status = listener.Status;
        return new(status.State.ToString(), status.Since, board.Products);
    }
}
