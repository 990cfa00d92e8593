using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using PgListener;

namespace WebApi.Orders;

/// <summary>
/// The durable channel <c>live_order</c>, which the browsers read. Its messages stay in the database for some time, so a browser that was away gets what it has
/// missed. The sales need no such channel: they are read again after a gap.
/// </summary>
public sealed record LiveOrder(long Id, string Product, int Quantity, DateTimeOffset PlacedAt) : IJsonNotificationChannel<LiveOrder>, IDurableChannel<LiveOrder>
{
    public static string ChannelName => "live_order";

    public static JsonTypeInfo<LiveOrder> JsonTypeInfo => LiveOrderJson.Default.LiveOrder;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LiveOrder))]
internal sealed partial class LiveOrderJson : JsonSerializerContext;
