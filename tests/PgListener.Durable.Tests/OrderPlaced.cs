using System.Globalization;

namespace PgListener.Durable.Tests;

/// <summary>A durable channel of the tests.</summary>
public sealed record OrderPlaced(long Id, string Customer = "") : IJsonNotificationChannel<OrderPlaced>, IDurableChannel<OrderPlaced>
{
    public static string ChannelName => "order_placed";

    public static string? KeyOf(OrderPlaced value) => value.Customer.Length > 0 ? value.Customer : value.Id.ToString(CultureInfo.InvariantCulture);
}
