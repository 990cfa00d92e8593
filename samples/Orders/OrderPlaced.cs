using PgListener;

namespace Orders;

/// <summary>An order was placed. The messages of a customer are handled one after the other.</summary>
internal sealed record OrderPlaced(long Id, string Customer, decimal Total) : IJsonNotificationChannel<OrderPlaced>, IDurableChannel<OrderPlaced>
{
    public static string ChannelName => "order_placed";

    public static string? KeyOf(OrderPlaced value) => value.Customer;
}
