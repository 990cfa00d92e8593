using PgListener;

namespace Relay;

/// <summary>An order was placed. The relay does not look into the payload, so it forwards what other programs publish as it is.</summary>
internal sealed record OrderPlaced(string Payload) : IDurableChannel<OrderPlaced>
{
    public static string ChannelName => "order_placed";

    public static OrderPlaced Parse(string payload) => new(payload);
}
