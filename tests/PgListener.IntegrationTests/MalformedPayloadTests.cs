using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>A payload can only be malformed: it ends nothing, is said where and why, and a flood of such payloads does not flood the log.</summary>
public sealed class MalformedPayloadTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [JsonPolymorphic]
    [JsonDerivedType(typeof(Circle), "circle")]
    private abstract record Shape(int Id) : IJsonNotificationChannel<Shape>
    {
        public static string ChannelName { get; } = NewChannel("shape");
    }

    private sealed record Circle(int Id, int Radius) : Shape(Id);

    private abstract record Animal(string Name);

    private sealed record Zoo(int Id, Dictionary<string, Animal>? Animals) : IJsonNotificationChannel<Zoo>
    {
        public static string ChannelName { get; } = NewChannel("zoo");
    }

    private sealed class Handler<T>(Received<string> received) : INotificationHandler<T>
        where T : INotificationChannel<T>
    {
        public Task HandleAsync(Notification<T> notification, CancellationToken cancellationToken)
        {
            received.Add(notification.Value.ToString()!);
            return Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData("""{"id":3}""")]
    [InlineData("""{"id":3,"$type":"square"}""")]
    [InlineData("""{"$type":5,"id":3}""")]
    public async Task A_payload_without_a_known_discriminator_is_malformed_for_handlers_callbacks_and_streams(string payload)
    {
        await using var host = new TestHost(server.ConnectionString);
        var (handled, called) = (new Received<string>(), new Received<string>());
        host.Services.AddSingleton(handled).AddPgListener().AddHandler<Shape, Handler<Shape>>();
        await host.StartListeningAsync();
        await using var subscription = await host.Listener.SubscribeAsync<Shape>(
            (notification, _) =>
            {
                called.Add(notification.Value.ToString());
                return Task.CompletedTask;
            },
            cancellationToken: Cancellation);
        await using var stream = host.Listener.ReadAllAsync<Shape>(cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation);
        var next = stream.MoveNextAsync().AsTask();
        await WhenListeningToStreamAsync(host, Shape.ChannelName);

        await server.NotifyAsync(Shape.ChannelName, payload, """{"$type":"circle","id":7,"radius":1}""");
        Assert.True(await next.SoonAsync());
        var expected = new Circle(7, 1).ToString();
        Assert.Equal((expected, expected, expected), (stream.Current.Value.ToString(), await handled.NextAsync(), await called.NextAsync()));
        Assert.Equal(3, host.Lines(400).Length);
        Assert.Empty(host.Lines(200));
        Assert.All(host.Listener.GetStatistics(), statistics => Assert.Equal(1, statistics.Failed));
    }

    [Fact]
    public async Task The_key_order_of_jsonb_build_object_is_read()
    {
        await using var host = new TestHost(server.ConnectionString);
        var received = new Received<string>();
        host.Services.AddSingleton(received).AddPgListener().AddHandler<Shape, Handler<Shape>>();
        await host.StartListeningAsync();
        await using var command = server.Sender.CreateCommand("select pg_notify($1, jsonb_build_object('$type', 'circle', 'id', 7, 'radius', 1)::text)");
        command.Parameters.Add(new() { Value = Shape.ChannelName });
        await command.ExecuteNonQueryAsync(Cancellation);
        Assert.Equal(new Circle(7, 1).ToString(), await received.NextAsync());
    }

    [Fact]
    public async Task What_cannot_be_read_inside_a_payload_is_said_without_a_piece_of_it()
    {
        await using var host = new TestHost(server.ConnectionString);
        var received = new Received<string>();
        host.Services.AddSingleton(received).AddPgListener().AddHandler<Zoo, Handler<Zoo>>();
        await host.StartListeningAsync();
        await server.NotifyAsync(Zoo.ChannelName, """{"id":1,"animals":{"secret key":{"name":"secret"}}}""", """{"id":2,"animals":{"secretKey":{"name":"secret"}}}""", """{"id":7}""");
        Assert.Contains("Id = 7", await received.NextAsync(), StringComparison.Ordinal);
        Assert.NotEmpty(host.Lines(400));
        Assert.Empty(host.Lines(200));
        Assert.DoesNotContain(host.Log.GetSnapshot(), record => record.Level > LogLevel.Debug && $"{record.Message} {record.Exception}".Contains("secret", StringComparison.Ordinal));
    }

    private sealed record Ordered(int Id, string[] Lines) : IJsonNotificationChannel<Ordered>
    {
        public static string ChannelName { get; } = NewChannel("ordered");
    }

    [Fact]
    public async Task The_first_of_a_kind_says_position_and_cause_and_the_rest_are_counted()
    {
        await using var host = new TestHost(server.ConnectionString);
        var received = new Received<string>();
        host.Services.AddSingleton(received).AddPgListener().AddHandler<Ordered, Handler<Ordered>>();
        await host.StartListeningAsync();
        for (var i = 0; i < 200; i++)
            await server.NotifyAsync(Ordered.ChannelName, $$"""{"id":1,"lines":["a",{{i}}]}""");
        await server.NotifyAsync(Ordered.ChannelName, """{"id":"secret"}""", """{"id":7,"lines":[]}""");
        Assert.Contains("Id = 7", await received.NextAsync(), StringComparison.Ordinal);

        var lines = host.Lines(400);
        Assert.Equal(2, lines.Length);
        Assert.Contains("$.lines[1]", lines[0], StringComparison.Ordinal);
        Assert.Contains("line 1, byte 22", lines[0], StringComparison.Ordinal);
        Assert.Contains("JsonException", lines[0], StringComparison.Ordinal);
        Assert.Contains("$.id", lines[1], StringComparison.Ordinal);
        Assert.InRange(host.Log.GetSnapshot().Count(record => record.Level >= LogLevel.Warning), 2, 10);
        Assert.Equal(201, Assert.Single(host.Listener.GetStatistics()).Failed);
    }

    private sealed record Snake(int OrderId, string? CustomerName) : IJsonNotificationChannel<Snake>
    {
        public static string ChannelName { get; } = NewChannel("snake");
    }

    [Fact]
    public async Task A_payload_none_of_whose_properties_is_known_is_said_once_for_the_channel()
    {
        await using var host = new TestHost(server.ConnectionString);
        var received = new Received<string>();
        host.Services.AddSingleton(received).AddPgListener().AddHandler<Snake, Handler<Snake>>();
        await host.StartListeningAsync();
        await using var stream = host.Listener.ReadAllAsync<Snake>(cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation);
        var next = stream.MoveNextAsync().AsTask();
        await WhenListeningToStreamAsync(host, Snake.ChannelName);
        await server.NotifyAsync(Snake.ChannelName, """{"orderId":1}""", """{"secret_id":2,"customer_name":"secret"}""", """{"order_id":3}""");
        await received.NextAsync(3, seconds: 20);
        Assert.True(await next.SoonAsync());
        Assert.True(await stream.MoveNextAsync());
        Assert.True(await stream.MoveNextAsync());

        var line = Assert.Single(host.Log.GetSnapshot(), record => record.Level >= LogLevel.Warning).Message;
        Assert.Contains("orderId", line, StringComparison.Ordinal);
        Assert.Contains(Snake.ChannelName, line, StringComparison.Ordinal);
        Assert.Contains("SnakeCaseLower", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    /// <summary>Completes when the stream has been told of its first gap, that is, when it hears.</summary>
    private static async Task WhenListeningToStreamAsync(TestHost host, string channel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        await using var second = await host.Listener.SubscribeAsync(channel, (_, _) => Task.CompletedTask, new() { Name = "other" }, limit.Token);
        while (!host.Listener.GetStatistics().Any(statistics => statistics.Name.Contains("reader", StringComparison.OrdinalIgnoreCase)))
            limit.Token.ThrowIfCancellationRequested();
    }
}
