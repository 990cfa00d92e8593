namespace PgListener.EntityFrameworkCore.Tests.Publishing;

/// <summary>A value that refers to an entity, and is read from it only when it is sent.</summary>
public sealed record OrderSaved(Order Order) : INotificationChannel<OrderSaved>
{
    public static string ChannelName => "order_placed";

    public static OrderSaved Parse(string payload) => throw new NotSupportedException();

    public static string Format(OrderSaved value) => $"{value.Order.Id} {value.Order.Product}";
}
