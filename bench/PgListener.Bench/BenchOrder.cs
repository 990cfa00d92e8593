using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace PgListener.Bench;

/// <summary>What every notification says, in JSON; <see cref="Sent"/> only where latency is measured, in ticks of the machine's monotonic clock.</summary>
/// <remarks>A class with settable properties: for a positional record System.Text.Json allocates 112 bytes more, in every consumer.</remarks>
internal sealed class BenchOrder : IJsonNotificationChannel<BenchOrder>
{
    public long Id { get; set; }

    public decimal Total { get; set; }

    public string Customer { get; set; } = "";

    public long Sent { get; set; }

    public static string ChannelName => Payload.Channel;

    public static JsonTypeInfo<BenchOrder> JsonTypeInfo => BenchJson.Default.BenchOrder;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(BenchOrder))]
internal sealed partial class BenchJson : JsonSerializerContext;
