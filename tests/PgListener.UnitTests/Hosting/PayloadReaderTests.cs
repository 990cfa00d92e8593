using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Payloads;

namespace PgListener.UnitTests.Hosting;

/// <summary>What is logged of payloads that cannot be read, or of which nothing is known.</summary>
public sealed partial class PayloadReaderTests
{
    private readonly FakeLogger _logger = new();
    private readonly FakeTimeProvider _time = new();
    private readonly PayloadLog _log;

    public PayloadReaderTests() => _log = new(_logger, _time);

    private sealed record Order(int Id, Dictionary<string, int>? Amounts, Order[]? Parts) : IJsonNotificationChannel<Order>
    {
        public static string ChannelName => "orders";
    }

    private sealed record Text(string Value) : INotificationChannel<Text>
    {
        public static string ChannelName => "texts";

        public static Text Parse(string payload) => new(JsonSerializer.Deserialize<Dictionary<string, int>>(payload)!.Keys.Single());
    }

    [Theory]
    [InlineData("""{"id":"secret"}""", "JsonException at $.id, line 1, byte 14")]
    [InlineData("""{"ID":"secret"}""", "JsonException at $.id, line 1, byte 14")]
    [InlineData("{\n\"parts\":[{},{\"amounts\":{\"secret\":true}}]}", "JsonException at $.parts[1].amounts.*, line 2, byte 37")]
    [InlineData("""{"amounts":{"se'cr.et":"secret"}}""", "JsonException at $.amounts.*")]
    [InlineData("secret", "JsonException at $, line 1, byte 0")]
    [InlineData("null", "JsonException,")]
    public void The_position_has_the_names_of_the_type_and_none_of_the_payload(string payload, string expected)
    {
        Assert.False(Read<Order>(payload));
        var record = Assert.Single(_logger.Collector.GetSnapshot(), record => record.Level == LogLevel.Warning);
        Assert.Contains(expected, record.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("se", record.Message.Replace("reader", "", StringComparison.Ordinal).Replace("whose", "", StringComparison.Ordinal).Replace("same", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Null(record.Exception);
    }

    [Fact]
    public void A_channel_that_reads_json_itself_has_no_names_to_show()
    {
        Assert.False(Read<Text>("""{"secret":"secret"}"""));
        Assert.Contains("(JsonException at $.*, line 1, byte 18, 19 characters)", _logger.Collector.GetSnapshot()[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flood_is_a_line_a_minute_for_each_kind_and_every_payload_is_counted()
    {
        var reader = new PayloadReader<Order>("S") { Log = _log };
        for (var i = 0; i < 1_000; i++)
        {
            Assert.False(reader.TryRead(new("orders", $$"""{"parts":[{},{"id":"x{{i}}"}]}""", 0), out _, out _));
            _time.Advance(TimeSpan.FromMilliseconds(200));
        }

        var warnings = _logger.Collector.GetSnapshot().Where(record => record.Level == LogLevel.Warning).ToArray();
        Assert.Equal([400, 402, 402, 402], warnings.Select(record => record.Id.Id));
        Assert.Equal(["300", "300", "300"], warnings.Skip(1).Select(record => record.GetStructuredStateValue("Count")));
    }

    [Fact]
    public void However_many_kinds_there_are_the_log_has_few_lines()
    {
        var reader = new PayloadReader<Many>("S") { Log = _log };
        for (var i = 0; i < 1_000; i++)
            Assert.False(reader.TryRead(new("many", new string('x', i), 0), out _, out _));
        Assert.InRange(_logger.Collector.GetSnapshot().Count(record => record.Level == LogLevel.Warning), 20, 21);
    }

    private sealed record Many : INotificationChannel<Many>
    {
        public static string ChannelName => "many";

        /// <summary>Refuses each with an exception of another type.</summary>
        public static Many Parse(string payload)
        {
            var type = typeof(Refusal<>).MakeGenericType(Enumerable.Range(0, payload.Length % 50).Aggregate(typeof(int), (inner, _) => inner.MakeArrayType()));
            throw (Exception)Activator.CreateInstance(type)!;
        }
    }

    private sealed class Refusal<T> : Exception;

    [JsonSourceGenerationOptions(JsonSerializerDefaults.General)]
    [JsonSerializable(typeof(Cased))]
    internal sealed partial class CasedContext : JsonSerializerContext;

    internal sealed record Cased(int Id) : IJsonNotificationChannel<Cased>
    {
        public static string ChannelName => "cased";

        public static JsonTypeInfo<Cased> JsonTypeInfo => CasedContext.Default.Cased;
    }

    private sealed class Open : IJsonNotificationChannel<Open>
    {
        public static string ChannelName => "open";

        public int Id { get; set; }

        [JsonExtensionData]
        public Dictionary<string, JsonElement>? Others { get; set; }
    }

    [Fact]
    public void A_payload_of_which_nothing_is_known_is_said_once_for_the_channel()
    {
        Assert.True(Read<Order>("""{"order_id":1,"Id":2}"""));
        Assert.True(Read<Order>("{}"));
        Assert.True(Read<Order>("""{"$trace":{"id":1},"id":1}"""));
        Assert.True(Read<Order>("""{"$trace":{"id":1}}"""));
        Assert.True(Read<Cased>("""{"Id":1}"""));
        Assert.True(Read<Open>("""{"anything":1}"""));
        Assert.Empty(_logger.Collector.GetSnapshot());

        Assert.True(Read<Cased>("""{"id":1}"""));
        Assert.True(Read<Order>("""{"order_id":1,"parts_":{"id":1}}"""));
        Assert.True(Read<Order>("""{"order_id":1}"""));
        Assert.Equal([403, 403], _logger.Collector.GetSnapshot().Select(record => record.Id.Id));
    }

    [Fact]
    public void After_payloads_that_are_known_one_of_which_nothing_is_known_is_said()
    {
        var reader = new PayloadReader<Cased>("A reader") { Log = _log };
        Assert.True(reader.TryRead(new("cased", """{ "Id":1}""", 0), out _, out _));
        Assert.True(reader.TryRead(new("cased", """{ "Id":2}""", 0), out _, out _));
        Assert.Empty(_logger.Collector.GetSnapshot());

        Assert.True(reader.TryRead(new("cased", """{ "Idx":3}""", 0), out _, out _));
        Assert.Equal([403], _logger.Collector.GetSnapshot().Select(record => record.Id.Id));
    }

    private bool Read<T>(string payload)
        where T : INotificationChannel<T>
        => new PayloadReader<T>("A reader") { Log = _log }.TryRead(new(T.ChannelName, payload, 0), out _, out _);
}
