using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener.UnitTests;

/// <summary>The sender's trace context within a JSON payload: put in, and taken out again without a trace.</summary>
public class TraceContextTests
{
    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web) { UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow };

    private static readonly ActivityContext Sender = ActivityContext.Parse(Parent, traceState: null);

    private sealed record Order(int Id);

    [Theory]
    [InlineData("""{"id":1}""", """{"id":1,"$trace":{"traceparent":"P"}}""")]
    [InlineData("""{"id":1} """ + "\t\n", """{"id":1,"$trace":{"traceparent":"P"}} """ + "\t\n")]
    [InlineData("{}", """{"$trace":{"traceparent":"P"}}""")]
    [InlineData(" { \"a\" : {} } ", " { \"a\" : {} ,\"$trace\":{\"traceparent\":\"P\"}} ")]
    public void It_is_one_more_property_at_the_end(string payload, string expected)
    {
        var injected = TraceContext.Inject(payload, Sender);
        Assert.Equal(expected.Replace("\"P\"", $"\"{Parent}\"", StringComparison.Ordinal), injected);
        Assert.NotNull(JsonNode.Parse(injected));
        Assert.Equal(payload, TraceContext.Extract(injected, out var context));
        Assert.Equal((Sender.TraceId, Sender.SpanId, Sender.TraceFlags, true), (context.TraceId, context.SpanId, context.TraceFlags, context.IsRemote));
    }

    [Theory]
    [InlineData("")]
    [InlineData("text")]
    [InlineData("[1]")]
    [InlineData("\"{}\"")]
    [InlineData("null")]
    [InlineData("{not json}")]
    [InlineData("{\"a\":1}}")]
    [InlineData("{\"a\":1} {}")]
    [InlineData("""{"$trace":1}""")]
    [InlineData("{ }")]
    [InlineData("""{"\ud800":1}""")]
    public void What_is_not_a_JSON_object_or_has_such_a_property_is_left_alone(string payload)
        => Assert.Same(payload, TraceContext.Inject(payload, Sender));

    [Theory]
    [InlineData("""{"a":{"$trace":{"traceparent":"P"}}}""")]
    [InlineData("""{"$trace":{"traceparent":"P","more":1}}""")]
    [InlineData("""{"$trace":{"traceparent":"P"},"b":1}""")]
    [InlineData("""{"$trace":{"traceparent":"no trace parent, but just as long as one would have to be"}}""")]
    [InlineData("""{"$trace":{"traceparent":"short"}}""")]
    [InlineData("""{"$trace":{"traceparent":"P","tracestate":"a=b"}""")]
    [InlineData("""{"a":",\"$trace\":{\"traceparent\":\"P\"}}"}""")]
    [InlineData("\"$trace\":{\"traceparent\":\"P\"}}")]
    public void What_nobody_put_in_is_not_taken_out(string payload)
    {
        payload = payload.Replace("P\"", $"{Parent}\"", StringComparison.Ordinal);
        Assert.Same(payload, TraceContext.Extract(payload, out var context));
        Assert.Equal(default, context);
    }

    [Fact]
    public void The_state_travels_too_unless_it_would_have_to_be_escaped()
    {
        var injected = TraceContext.Inject("""{"id":1}""", new(Sender.TraceId, Sender.SpanId, ActivityTraceFlags.None, "vendor=a b,other=c"));
        Assert.Equal("""{"id":1}""", TraceContext.Extract(injected, out var context));
        Assert.Equal(("vendor=a b,other=c", ActivityTraceFlags.None), (context.TraceState, context.TraceFlags));

        injected = TraceContext.Inject("""{"id":1}""", new(Sender.TraceId, Sender.SpanId, ActivityTraceFlags.None, "vendor=\"quoted\""));
        Assert.Equal("""{"id":1}""", TraceContext.Extract(injected, out context));
        Assert.Equal((null, Sender.TraceId), (context.TraceState, context.TraceId));
    }

    [Fact]
    public void A_payload_never_becomes_longer_than_PostgreSQL_allows()
    {
        var withState = new ActivityContext(Sender.TraceId, Sender.SpanId, Sender.TraceFlags, "a=" + new string('x', 100));
        var overhead = TraceContext.Inject("{\"a\":\"\"}", Sender).Length;
        Assert.Equal(overhead + 118, TraceContext.Inject("{\"a\":\"\"}", withState).Length);
        foreach (var (bytes, expected) in new[] { (7_999 - overhead - 118, 7_999), (7_999 - overhead - 117, 7_882), (7_999 - overhead, 7_999), (7_999 - overhead + 1, 8_000 - overhead + 8) })
        {
            // Half of the letters have two bytes in UTF-8.
            var payload = $"{{\"a\":\"{new string('é', bytes / 4)}{new string('e', bytes - 2 * (bytes / 4))}\"}}";
            var injected = TraceContext.Inject(payload, withState);
            Assert.Equal(expected, Encoding.UTF8.GetByteCount(injected));
            Assert.Equal(payload, TraceContext.Extract(injected, out _));
        }
    }

    [Fact]
    public void Whatever_the_object_it_is_the_same_afterwards()
    {
        var random = new Random(1);
        for (var i = 0; i < 2_000; i++)
        {
            var payload = Make(random, depth: 0).ToJsonString(new() { WriteIndented = random.Next(2) == 0 });
            var injected = TraceContext.Inject(payload, Sender);
            Assert.Equal(payload, TraceContext.Extract(injected, out var context));
            Assert.Equal(injected == payload ? default : Sender.TraceId, context.TraceId);
            // Once more around is no different.
            Assert.Equal(injected, TraceContext.Extract(TraceContext.Inject(injected, Sender), out _) == payload ? injected : "");
        }

        static JsonObject Make(Random random, int depth)
        {
            var made = new JsonObject();
            for (var i = random.Next(4); i > 0; i--)
            {
                made[random.Next(5) switch { 0 => "$trace ", 1 => "a\"b", 2 => "ü", _ => $"p{random.Next(9)}" }] = random.Next(5) switch
                {
                    0 when depth < 3 => Make(random, depth + 1),
                    1 => $"\",\"$trace\":{{\"traceparent\":\"{Parent}\"}}}}",
                    2 => new JsonArray(1, "}"),
                    3 => null,
                    _ => random.Next(),
                };
            }

            return made;
        }
    }

    [Fact]
    public void A_type_that_allows_no_other_property_reads_it()
    {
        var injected = TraceContext.Inject("""{"id":1}""", Sender);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Order>(injected, Strict));
        Assert.Equal(new Order(1), JsonSerializer.Deserialize<Order>(TraceContext.Extract(injected, out _), Strict));
    }

    [Fact]
    public void Without_a_context_nothing_is_added()
        => Assert.Same("{}", TraceContext.Inject("{}", default));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Callbacks_and_readers_see_the_payload_as_it_was_if_it_is_switched_on(bool isOn)
    {
        using var pipeline = new Pipeline(options: new() { PropagateTraceContext = isOn });
        var injected = TraceContext.Inject("""{"id":1}""", Sender);
        var seen = new List<string>();
        var subscription = pipeline.Subscribe(
            "a",
            (context, _) =>
            {
                seen.Add(context.Payload);
                return Task.CompletedTask;
            },
            new());
        var reading = pipeline.Subscribe("a", callback: null, new());
        await using var reader = new NotificationReader(reading.Queue!, onResync: null, readsGaps: false, () => { }, new(new() { PropagateTraceContext = isOn }), TestContext.Current.CancellationToken);
        pipeline.Deliver("a", injected);
        await Pipeline.EndAsync(subscription);
        Assert.True(await reader.MoveNextAsync());

        var expected = isOn ? """{"id":1}""" : injected;
        Assert.Equal((expected, expected), (Assert.Single(seen), reader.Current.Payload));
    }
}
