namespace PgListener.Durable.Tests.Publishing;

/// <summary>A durable channel whose messages are texts, with a key or without one.</summary>
public sealed record Order(string Text, string? Key = null) : IDurableChannel<Order>
{
    public static string ChannelName => "orders";

    public static Order Parse(string payload) => new(payload);

    public static string Format(Order value) => value.Text;

    public static string? KeyOf(Order value) => value.Key;
}
