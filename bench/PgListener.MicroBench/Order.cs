using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace PgListener.MicroBench;

/// <summary>A channel whose JSON is read by generated code.</summary>
public sealed record Order(long Id, decimal Total, string Customer) : IJsonNotificationChannel<Order>
{
    public static string ChannelName => "bench";

    public static JsonTypeInfo<Order> JsonTypeInfo => OrderJson.Default.Order;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Order))]
internal sealed partial class OrderJson : JsonSerializerContext;
