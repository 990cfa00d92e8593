using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace PgListener.Harness.Tests;

public sealed record OrderPlaced(long Id, decimal Total = 1) : IJsonNotificationChannel<OrderPlaced>
{
    public static string ChannelName => "order_placed";

    public static JsonTypeInfo<OrderPlaced> JsonTypeInfo => TestJson.Default.OrderPlaced;
}

public sealed record OrderPaid(long Id) : IJsonNotificationChannel<OrderPaid>
{
    public static string ChannelName => "order_paid";

    public static JsonTypeInfo<OrderPaid> JsonTypeInfo => TestJson.Default.OrderPaid;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderPaid))]
internal sealed partial class TestJson : JsonSerializerContext;
