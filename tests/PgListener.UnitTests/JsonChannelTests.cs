using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace PgListener.UnitTests;

public sealed record ReflectedOrder(long Id, decimal Total) : IJsonNotificationChannel<ReflectedOrder>
{
    public static string ChannelName => "orders";
}

public sealed record GeneratedOrder(long Id, decimal Total) : IJsonNotificationChannel<GeneratedOrder>
{
    public static string ChannelName => "orders";

    public static JsonTypeInfo<GeneratedOrder> JsonTypeInfo => OrderContext.Default.GeneratedOrder;
}

[JsonSerializable(typeof(GeneratedOrder))]
internal sealed partial class OrderContext : JsonSerializerContext;

public class JsonChannelTests
{
    [Fact]
    public void Reads_camel_case_without_regard_to_case_by_default()
        => Assert.Equal(new ReflectedOrder(7, 1.5m), Parse<ReflectedOrder>("""{"id":7,"TOTAL":1.5}"""));

    [Fact]
    public void Reads_as_the_given_type_info_says()
        => Assert.Equal(new GeneratedOrder(7, 0m), Parse<GeneratedOrder>("""{"Id":7,"total":1.5}"""));

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("[1]")]
    [InlineData("""{"id":"x"}""")]
    public void Refuses_what_is_not_such_a_value(string payload)
        => Assert.Throws<JsonException>(() => Parse<ReflectedOrder>(payload));

    [Fact]
    public void Half_of_a_surrogate_pair_is_all_that_json_does_not_keep()
        => Assert.Equal("\ufffd", JsonSerializer.Deserialize<string>(JsonSerializer.Serialize("\ud83d")));

    private sealed record EitherForm(long Id) : IJsonNotificationChannel<EitherForm>
    {
        public static string ChannelName => "orders";

        public static EitherForm Parse(string payload) => long.TryParse(payload, CultureInfo.InvariantCulture, out var id) ? new(id) : JsonNotificationChannel.Parse<EitherForm>(payload);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("""{"id":7}""")]
    public void A_channel_that_reads_payloads_itself_can_leave_the_json_to_the_library(string payload)
        => Assert.Equal(new EitherForm(7), Parse<EitherForm>(payload));

    [Fact]
    public void The_json_can_be_read_and_written_without_a_listener()
    {
        Assert.Equal("""{"id":7,"total":1.5}""", JsonNotificationChannel.Format(new ReflectedOrder(7, 1.5m)));
        Assert.Equal(new ReflectedOrder(7, 1.5m), JsonNotificationChannel.Parse<ReflectedOrder>("""{"id":7,"total":1.5}"""));
        Assert.Throws<JsonException>(() => JsonNotificationChannel.Parse<ReflectedOrder>("null"));
        Assert.Throws<ArgumentNullException>(() => JsonNotificationChannel.Parse<ReflectedOrder>(null!));
    }

    private static T Parse<T>(string payload)
        where T : INotificationChannel<T>
        => T.Parse(payload);
}
