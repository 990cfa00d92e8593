namespace PgListener.EntityFrameworkCore.Tests.Publishing;

public sealed record OrderBilled(long Id) : IDurableChannel<OrderBilled>
{
    public static string ChannelName => "order_billed";

    public static OrderBilled Parse(string payload) => throw new NotSupportedException();

    public static string Format(OrderBilled value) => $"{value.Id}";
}
