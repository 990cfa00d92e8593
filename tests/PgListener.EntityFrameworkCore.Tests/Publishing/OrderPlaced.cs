namespace PgListener.EntityFrameworkCore.Tests.Publishing;

public sealed record OrderPlaced(long Id, string Product) : INotificationChannel<OrderPlaced>
{
    public static string ChannelName => "order_placed";

    public static OrderPlaced Parse(string payload) => throw new NotSupportedException();

    public static string Format(OrderPlaced value) => $"{value.Id} {value.Product}";
}
