using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Npgsql;
using static PgListener.IntegrationTests.ServerFixture;
using static PgListener.PgListenerInstruments;

namespace PgListener.IntegrationTests;

/// <summary>What metrics, spans and statistics say of known traffic through a real server.</summary>
public sealed class TelemetryTests(ServerFixture server)
{
    private readonly string _name = $"listener_{Guid.NewGuid():n}";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private sealed record Numbered(int Id) : IJsonNotificationChannel<Numbered>
    {
        public static string ChannelName { get; } = NewChannel("numbered");
    }

    private sealed class NumberedHandler(Received<string> received) : INotificationHandler<Numbered>, IResyncHandler<Numbered>
    {
        public Task HandleAsync(Notification<Numbered> notification, CancellationToken cancellationToken)
        {
            received.Add(notification.Payload);
            return notification.Value.Id < 0 ? throw new InvalidOperationException("negative") : Task.CompletedTask;
        }

        public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        {
            received.Add(resync.Reason.ToString());
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Counts_and_spans_are_those_of_the_traffic_through_a_lost_connection()
    {
        using var telemetry = new Telemetry(_name);
        var received = new Received<string>();
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection([new($"PgListener:{_name}:ConnectionString", server.ConnectionString), new($"PgListener:{_name}:PropagateTraceContext", "true")]);
        builder.Services.AddSingleton(received);
        builder.Services.AddPgListener(_name).AddHandler<Numbered, NumberedHandler>();
        builder.Services.AddHealthChecks().AddPgListener(_name);
        using var host = builder.Build();
        await host.StartAsync(Cancellation);
        var listener = host.Services.GetRequiredKeyedService<IPgListener>(_name);
        Assert.Equal("Started", await received.NextAsync());
        await listener.WaitUntilListeningAsync(Cancellation).SoonAsync();

        const string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await server.NotifyAsync(Numbered.ChannelName, $$$"""{"id":1,"$trace":{"traceparent":"{{{parent}}}"}}""", """{"id":-1}""", "malformed", """{"id":2}""");
        Assert.Equal(["""{"id":1}""", """{"id":-1}""", """{"id":2}"""], await received.NextAsync(3, seconds: 20));
        var processId = listener.Status.ProcessId!.Value;
        await server.TerminateAsync(processId);
        Assert.Equal("Reconnected", await received.NextAsync());
        await server.NotifyAsync(Numbered.ChannelName, """{"id":3}""");
        Assert.Equal("""{"id":3}""", await received.NextAsync());

        await telemetry.UntilAsync($"{Processed} NumberedHandler", 5);
        await telemetry.UntilAsync($"{ConnectionState} listening", 1);
        var metrics = telemetry.Observe();
        foreach (var (series, expected) in new Dictionary<string, double>(StringComparer.Ordinal)
        {
            [$"{ConsumedMessages} NumberedHandler"] = 5,
            [$"{Failed} NumberedHandler System.InvalidOperationException"] = 1,
            [$"{Failed} NumberedHandler System.Text.Json.JsonException"] = 1,
            [$"{Dropped} NumberedHandler overflow"] = 0,
            [$"{Gaps} NumberedHandler started"] = 1,
            [$"{Gaps} NumberedHandler reconnected"] = 1,
            [$"{Gaps} NumberedHandler overflow"] = 0,
            [$"{QueueUsage} NumberedHandler"] = 0,
            [$"{QueueLimit} NumberedHandler"] = 10_000,
            [$"{QueueMemoryLimit} NumberedHandler"] = 16 * 1024 * 1024,
            [Reconnects] = 1,
            [$"{ConnectionErrors} 57P01"] = 1,
            [$"{ConnectionState} reconnecting"] = 0,
        })
            Assert.True(metrics.TryGetValue(series, out var value) && value == expected, $"{series} is not {expected}:\n{telemetry}");
        Assert.InRange(metrics[RoundTrip], 0.000_001, 20);
        Assert.Equal(listener.Status.RoundTrip!.Value.TotalSeconds, metrics[RoundTrip]);

        var statistics = Assert.Single(listener.GetStatistics());
        Assert.Equal(
            ("NumberedHandler", Numbered.ChannelName, 5, 5, 2, 0, 1, 0),
            (statistics.Name, statistics.Channel, statistics.Received, statistics.Processed, statistics.Failed, statistics.Dropped, statistics.Gaps, statistics.Queued));
        var health = (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancellation)).Entries.Values.Single();
        Assert.Equal((HealthStatus.Healthy, 2L, 1L), (health.Status, health.Data["failed"], health.Data["gaps"]));

        var spans = await telemetry.Spans.NextAsync(7, seconds: 20);
        var address = new NpgsqlConnectionStringBuilder(server.ConnectionString);
        Assert.Equal(["resync", "process", "process", "process", "process", "resync", "process"], spans.Select(span => span.OperationName.Split(' ')[0]));
        Assert.All(spans, span => Assert.Equal((Numbered.ChannelName, address.Host, address.Port), (span.OperationName.Split(' ')[1], span.GetTagItem(PgListenerTags.ServerAddress), span.GetTagItem(PgListenerTags.ServerPort))));
        Assert.Equal(
            [null, "System.InvalidOperationException", "System.Text.Json.JsonException", null, null],
            spans.Where(span => span.Kind == ActivityKind.Consumer).Select(span => span.GetTagItem(PgListenerTags.ErrorType)));
        Assert.All(spans, span => Assert.Equal(span.GetTagItem(PgListenerTags.ErrorType) is null ? ActivityStatusCode.Unset : ActivityStatusCode.Error, span.Status));
        Assert.Equal(ActivityContext.Parse(parent, traceState: null).SpanId, Assert.Single(spans[1].Links).Context.SpanId);
        Assert.Equal(5, telemetry.Recorded.Count(series => series.StartsWith(ProcessDuration, StringComparison.Ordinal)));
        Assert.Equal([$"{ResyncDuration} NumberedHandler started", $"{ResyncDuration} NumberedHandler reconnected"], telemetry.Recorded.Where(series => series.StartsWith(ResyncDuration, StringComparison.Ordinal)));

        TestContext.Current.TestOutputHelper!.WriteLine(telemetry.ToString());
        await host.StopAsync(Cancellation);
        await telemetry.UntilAsync($"{ConnectionState} stopped", 1);
        await ((IAsyncDisposable)host).DisposeAsync();
        Assert.Empty(telemetry.Observe());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_published_is_linked_to_its_sender_and_read_as_it_was_written(bool coalesced)
    {
        using var telemetry = new Telemetry(_name);
        var received = new Received<string>();
        var section = $"PgListener:{_name}";
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection([
            new($"{section}:ConnectionString", server.ConnectionString),
            new($"{section}:PropagateTraceContext", "true"),
            new($"{section}:Publisher:PropagateTraceContext", "true"),
            new($"{section}:Publisher:CoalesceWindow", coalesced ? "00:00:00" : null),
        ]);
        builder.Services.AddSingleton(received);
        builder.Services.AddPgListener(_name).AddHandler<Numbered, NumberedHandler>();
        using var host = builder.Build();
        await host.StartAsync(Cancellation);
        Assert.Equal("Started", await received.NextAsync());
        var publisher = host.Services.GetRequiredKeyedService<INotificationPublisher>(_name);
        await publisher.PublishAsync(new Numbered(7), Cancellation);
        Assert.Equal("""{"id":7}""", await received.NextAsync());
        await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishAsync(Numbered.ChannelName, new string('x', 8_000), Cancellation));

        var spans = await telemetry.Spans.NextAsync(3, seconds: 20);
        var sent = Assert.Single(spans, span => span.Kind == ActivityKind.Producer);
        var processed = Assert.Single(spans, span => span.Kind == ActivityKind.Consumer);
        Assert.Equal($"send {Numbered.ChannelName}", sent.OperationName);
        Assert.Equal(sent.SpanId, Assert.Single(processed.Links).Context.SpanId);
        Assert.Equal([SentMessages, OperationDuration], telemetry.Recorded.Where(series => series is SentMessages or OperationDuration));
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task What_a_full_queue_drops_is_counted_and_so_is_what_it_holds()
    {
        using var telemetry = new Telemetry(_name);
        var channel = NewChannel();
        var (entered, leave) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var listener = new Listener(server.ConnectionString, new() { Name = _name });
        await using var subscription = await listener.SubscribeAsync(
            channel,
            (_, _) =>
            {
                entered.TrySetResult();
                return leave.Task;
            },
            new() { Name = "blocked", FullQueueMode = FullQueueMode.Drop, QueueCapacity = 10 },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(channel, "first");
        await entered.Task.SoonAsync();
        await server.Sender.NotifyRangeAsync(channel, 1, 99, cancellationToken: Cancellation);

        await telemetry.UntilAsync($"{ConsumedMessages} blocked", 100);
        var metrics = telemetry.Observe();
        Assert.Equal((90, 10, 10, 1), (metrics[$"{Dropped} blocked overflow"], metrics[$"{QueueUsage} blocked"], metrics[$"{QueueLimit} blocked"], metrics[$"{Gaps} blocked overflow"]));
        Assert.InRange(metrics[$"{QueueMemoryUsage} blocked"], 10 * 64, 10 * 100);
        var statistics = Assert.Single(listener.GetStatistics());
        Assert.Equal((100, 0, 90, 1, 10), (statistics.Received, statistics.Processed, statistics.Dropped, statistics.Gaps, statistics.Queued));

        leave.SetResult();
        await telemetry.UntilAsync($"{Processed} blocked", 10);
        Assert.Equal(0, telemetry.Observe()[$"{QueueUsage} blocked"]);

        await subscription.DisposeAsync();
        metrics = telemetry.Observe();
        Assert.Equal((100, 10, 90), (metrics[$"{ConsumedMessages} blocked"], metrics[$"{Processed} blocked"], metrics[$"{Dropped} blocked overflow"]));
        Assert.DoesNotContain(metrics, entry => entry.Key.StartsWith("pglistener.queue", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_a_reader_was_given_is_unaccounted_for()
    {
        using var telemetry = new Telemetry(_name);
        var channel = NewChannel();
        await using var listener = new Listener(server.ConnectionString, new() { Name = _name });
        await listener.StartAsync(Cancellation);
        var reader = listener.ReadAllAsync(channel, new() { Name = "reader" }, Cancellation).GetAsyncEnumerator(Cancellation);
        var first = reader.MoveNextAsync();
        await listener.GetListeningChannelsAsync(Cancellation).SoonAsync();
        await server.Sender.NotifyRangeAsync(channel, 1, 20, cancellationToken: Cancellation);
        await telemetry.UntilAsync($"{ConsumedMessages} reader", 20);
        Assert.True(await first);
        for (var i = 1; i < 7; i++)
            Assert.True(await reader.MoveNextAsync());
        await reader.DisposeAsync();

        var metrics = telemetry.Observe();
        Assert.Equal((20, 7, 13), (metrics[$"{ConsumedMessages} reader"], metrics[$"{Processed} reader"], metrics[$"{Dropped} reader discarded"]));
    }

    [Fact]
    public async Task A_stream_counts_what_it_could_not_read()
    {
        using var telemetry = new Telemetry(_name);
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Services.AddPgListener(_name, options => options.ConnectionString = server.ConnectionString);
        using var host = builder.Build();
        await host.StartAsync(Cancellation);
        var listener = host.Services.GetRequiredKeyedService<IPgListener>(_name);
        var started = new Received<string>();
        var reader = listener.ReadAllAsync<Numbered>(new() { Name = "stream", OnResync = started.Reasons() }, Cancellation).GetAsyncEnumerator(Cancellation);
        var first = reader.MoveNextAsync();
        await started.NextAsync();
        await server.NotifyAsync(Numbered.ChannelName, "malformed", """{"id":4}""");
        Assert.True(await first);
        Assert.Equal(1, telemetry.Observe()[$"{Failed} stream System.Text.Json.JsonException"]);
        Assert.Equal(1, Assert.Single(listener.GetStatistics()).Failed);
        await reader.DisposeAsync();
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Attempts_that_fail_are_counted_by_error()
    {
        using var telemetry = new Telemetry(_name);
        await using var listener = new Listener(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = "nowhere" }.ConnectionString, new() { Name = _name });
        listener.Start();
        await telemetry.UntilAsync($"{ConnectionErrors} 3D000", 2);
        Assert.Equal((1, 0), (telemetry.Observe()[$"{ConnectionState} connecting"], telemetry.Observe()[Reconnects]));
    }
}
