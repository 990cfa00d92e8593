namespace PgListener.EntityFrameworkCore.Tests.Publishing;

public sealed record StockChanged(string Product) : INotificationChannel<StockChanged>
{
    public static string ChannelName => "stock_changed";

    public static StockChanged Parse(string payload) => throw new NotSupportedException();

    public static string Format(StockChanged value) => value.Product;
}
