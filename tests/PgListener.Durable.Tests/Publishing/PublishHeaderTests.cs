using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace PgListener.Durable.Tests.Publishing;

/// <summary>The trace context that is sent along, the span and the metrics of a publish.</summary>
public sealed class PublishHeaderTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_current_trace_is_sent_along()
    {
        await using var kit = await PublishingKit.CreateAsync(server, new() { PropagateTraceContext = true });
        using var activity = new Activity("request") { TraceStateString = "vendor=a/b,other=1" }.Start();
        await kit.Publisher.PublishManyAsync([new Order("a"), new Order("b")], Cancellation);
        Assert.All(await kit.RowsAsync(), row => Assert.Equal($$"""{"tracestate": "vendor=a/b,other=1", "traceparent": "{{activity.Id}}"}""", row.Headers));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Not_unless_it_is_set_and_there_is_a_trace(bool isSet, bool isTraced)
    {
        await using var kit = await PublishingKit.CreateAsync(server, new() { PropagateTraceContext = isSet });
        Activity.Current = null;
        using var activity = isTraced ? new Activity("request").Start() : null;
        await kit.Publisher.PublishAsync(new Order("a"), Cancellation);
        Assert.Null(Assert.Single(await kit.RowsAsync()).Headers);
    }

    [Fact]
    public async Task A_publish_is_one_span_with_the_metrics_of_every_publish()
    {
        var name = $"p{Guid.NewGuid():n}";
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == PgListenerDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                lock (spans)
                    spans.Add(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var sent = new MetricCollector<long>(meters, PgListenerDiagnostics.MeterName, PgListenerInstruments.SentMessages);

        await using var kit = await PublishingKit.CreateAsync(server, new() { Name = name, ChannelPrefix = "x_", PropagateTraceContext = true, MeterFactory = meters });
        await kit.Publisher.PublishManyAsync([new Order("a"), new Order("b")], Cancellation);

        var span = Assert.Single(spans, span => span.GetTagItem("pglistener.name") is string text && text == name);
        Assert.Equal(("send orders", ActivityKind.Producer, 2), (span.DisplayName, span.Kind, span.GetTagItem("messaging.batch.message_count")));
        Assert.All(await kit.RowsAsync(), row => Assert.Equal($$"""{"traceparent": "{{span.Id}}"}""", row.Headers));
        var measurement = Assert.Single(sent.GetMeasurementSnapshot());
        Assert.Equal((2, name), (measurement.Value, (string?)measurement.Tags["pglistener.name"]));
    }
}
