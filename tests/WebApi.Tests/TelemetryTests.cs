using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using PgListener;

namespace WebApi.Tests;

/// <summary>What arrives of the sample through OpenTelemetry.</summary>
[Collection(nameof(Alone))]
public sealed class TelemetryTests(TestDatabase database)
{
    [Fact]
    public async Task The_metrics_and_spans_of_an_order_arrive_through_the_OpenTelemetry_SDK()
    {
        var metrics = new List<MetricSnapshot>();
        var spans = new Spans();
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data, services => services.AddOpenTelemetry()
            .WithMetrics(builder => builder.AddMeter(PgListenerDiagnostics.MeterName).AddInMemoryExporter(metrics))
            .WithTracing(builder => builder.AddSource(PgListenerDiagnostics.ActivitySourceName).AddInMemoryExporter(spans)), ("PgListener:PropagateTraceContext", "true"));
        var order = await shop.PlaceAsync();

        const string subscription = "messaging.destination.name=order_placed messaging.destination.subscription.name=SalesHandler";
        const string system = "messaging.system=postgresql";
        string[] expected =
        [
            $"messaging.process.duration [s] {subscription} messaging.operation.name=process messaging.operation.type=process {system} = 1 times",
            $"messaging.client.consumed.messages [{{message}}] {subscription} messaging.operation.name=receive messaging.operation.type=receive {system} = 1",
            $"pglistener.notifications.processed [{{message}}] {subscription} {system} = 1",
            $"pglistener.notifications.dropped [{{message}}] {subscription} {system} pglistener.drop.reason=overflow = 0",
            $"pglistener.gaps [{{gap}}] {subscription} {system} pglistener.gap.reason=started = 1",
            $"pglistener.resync.duration [s] {subscription} {system} pglistener.gap.reason=started = 1 times",
            $"pglistener.queue.usage [{{message}}] {subscription} {system} = 0",
            $"pglistener.queue.limit [{{message}}] {subscription} {system} = 10000",
            "pglistener.connection.state [{state}] pglistener.state=listening = 1",
            "pglistener.reconnects [{reconnect}] = 0",
        ];

        // A call is counted a moment after its duration is recorded.
        var lines = await Eventually.GetAsync(() => Task.FromResult(Collect()), text => expected.All(text.Split('\n').Contains));
        TestContext.Current.TestOutputHelper!.WriteLine(lines);
        Assert.Contains(lines.Split('\n'), line => line.StartsWith("pglistener.round_trip.duration [s] = ", StringComparison.Ordinal));

        // The shops of other tests have spans on the same channel; this one is told by the sender it is linked to.
        var sender = ActivityTraceId.CreateRandom();
        await data.NotifyAsync($$$"""{"id":{{{order.Id}}},"product":"Tea","quantity":1,"placedAt":"2026-01-01T00:00:00Z","$trace":{"traceparent":"00-{{{sender}}}-b7ad6b7169203331-01"}}""");
        var span = await Eventually.GetAsync(() => Task.FromResult(SpanLinkedTo(sender)), span => span is not null);
        Assert.Equal(("process order_placed", ActivityKind.Consumer, ActivityStatusCode.Unset, "SalesHandler"), (span!.DisplayName, span.Kind, span.Status, span.GetTagItem(PgListenerTags.Subscription)));

        string Collect()
        {
            metrics.Clear();
            shop.Services.GetRequiredService<MeterProvider>().ForceFlush();
            return string.Join('\n', metrics.SelectMany(metric => metric.MetricPoints.Select(point => Describe(metric, point))).Order(StringComparer.Ordinal));
        }

        Activity? SpanLinkedTo(ActivityTraceId sender)
        {
            shop.Services.GetRequiredService<TracerProvider>().ForceFlush();
            return spans.Now().SingleOrDefault(span => span.Links.Any(link => link.Context.TraceId == sender));
        }
    }

    [Fact]
    public async Task The_sample_sends_them_to_a_collector_that_is_named()
    {
        await using var data = await database.CreateAsync();
        using var collector = new Collector();
        await using (var shop = await Shop.StartAsync(data, ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")))
        {
            await shop.PlaceAsync();
            await Eventually.GetAsync(shop.StatusAsync, status => status.Products is [_]);
            await Eventually.GetAsync(
                () =>
                {
                    shop.Services.GetRequiredService<MeterProvider>().ForceFlush();
                    shop.Services.GetRequiredService<TracerProvider>().ForceFlush();
                    return Task.FromResult(collector.Received);
                },
                received => received.GetValueOrDefault("/v1/metrics", "").Contains("pglistener.connection.state", StringComparison.Ordinal)
                    && received.GetValueOrDefault("/v1/traces", "").Contains("process order_placed", StringComparison.Ordinal));
        }
    }

    private static string Describe(MetricSnapshot metric, MetricPoint point)
    {
        var tags = new List<string>();
        foreach (var tag in point.Tags)
            tags.Add($" {tag.Key}={tag.Value}");
        tags.Sort(StringComparer.Ordinal);
        var value = metric.MetricType switch
        {
            MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong().ToString(CultureInfo.InvariantCulture),
            MetricType.DoubleGauge => point.GetGaugeLastValueDouble().ToString(CultureInfo.InvariantCulture),
            _ => $"{point.GetHistogramCount()} times",
        };
        return $"{metric.Name} [{metric.Unit}]{string.Concat(tags)} = {value}";
    }

    /// <summary>May be looked at while more come in.</summary>
    private sealed class Spans : System.Collections.ObjectModel.Collection<Activity>
    {
        private readonly Lock _sync = new();

        public Activity[] Now()
        {
            lock (_sync)
                return [.. Items];
        }

        protected override void InsertItem(int index, Activity item)
        {
            lock (_sync)
                base.InsertItem(Items.Count, item);
        }
    }

    /// <summary>Takes what is sent to it by HTTP, and keeps it as text, in which names can be found.</summary>
    private sealed class Collector : IDisposable
    {
        private readonly HttpListener _listener = new();

        public Collector()
        {
            using (var probe = new TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                Address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
            }

            _listener.Prefixes.Add(Address + "/");
            _listener.Start();
            _ = ListenAsync(TestContext.Current.CancellationToken);
        }

        public string Address { get; }

        public ConcurrentDictionary<string, string> Received { get; } = new(StringComparer.Ordinal);

        public void Dispose() => _listener.Close();

        private async Task ListenAsync(CancellationToken cancellationToken)
        {
            while (_listener.IsListening)
            {
                var context = await _listener.GetContextAsync();
                using var reader = new StreamReader(context.Request.InputStream, System.Text.Encoding.Latin1);
                var text = await reader.ReadToEndAsync(cancellationToken);
                Received.AddOrUpdate(context.Request.Url!.AbsolutePath, text, (_, before) => before + text);
                context.Response.Close();
            }
        }
    }
}
