using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace PgListener.Bench;

/// <summary>What every message says: what a notification of the other benchmarks says, as an ordinary class that each library serializes in its own way.</summary>
public sealed class BenchMessage : IJsonNotificationChannel<BenchMessage>, IDurableChannel<BenchMessage>
{
    public long Id { get; set; }

    public decimal Total { get; set; }

    public string Customer { get; set; } = "";

    public long Sent { get; set; }

    public static string ChannelName => "bench_durable";

    public static JsonTypeInfo<BenchMessage> JsonTypeInfo => BenchMessageJson.Default.BenchMessage;

    public static string? KeyOf(BenchMessage value) => value.Customer;

    internal static BenchMessage Of(long id, long sent)
        => new() { Id = id, Total = 45.67m, Customer = string.Create(CultureInfo.InvariantCulture, $"c-{id % 100}"), Sent = sent };
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(BenchMessage))]
internal sealed partial class BenchMessageJson : JsonSerializerContext;
