using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using PgListener;

namespace WebApi.Orders;

/// <summary>
/// The channel <c>order_placed</c> and the content of its notifications. <see cref="ChannelName"/> is all it needs; the
/// source-generated <see cref="JsonTypeInfo"/> makes it strict and fast, and works with trimming.
/// </summary>
public sealed record OrderPlaced(long Id, string Product, int Quantity, DateTimeOffset PlacedAt) : IJsonNotificationChannel<OrderPlaced>
{
    public static string ChannelName => "order_placed";

    public static JsonTypeInfo<OrderPlaced> JsonTypeInfo => OrderPlacedJson.Default.OrderPlaced;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(OrderPlaced))]
internal sealed partial class OrderPlacedJson : JsonSerializerContext;
