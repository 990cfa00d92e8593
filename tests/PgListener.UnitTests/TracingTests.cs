using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using PgListener.Telemetry;

namespace PgListener.UnitTests;

/// <summary>Spans: their names, kinds, tags, links and status.</summary>
[Collection(nameof(Alone))]
public sealed class TracingTests : IDisposable
{
    private readonly List<Activity> _ended = [];
    private readonly ActivityListener _listener;
    private Action<Activity> _onStop;

    public TracingTests()
    {
        _onStop = _ended.Add;
        _listener = new()
        {
            ShouldListenTo = source => source.Name == PgListenerDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => _onStop(activity),
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task A_call_is_a_consumer_span_with_its_outcome_linked_to_the_sender()
    {
        using var pipeline = new Pipeline("n", new() { PropagateTraceContext = true });
        var sender = ActivityContext.Parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=b");
        Activity? current = null;
        var subscription = pipeline.Subscribe(
            "a",
            (context, _) =>
            {
                current = Activity.Current;
                return context.Payload == "bad" ? throw new InvalidOperationException("a secret") : Task.CompletedTask;
            },
            new() { Name = "S", OnResync = (_, _) => Task.CompletedTask });
        pipeline.Deliver("a", TraceContext.Inject("{}", sender), "bad");
        await Pipeline.EndAsync(subscription);

        const string tags = "messaging.destination.name=a messaging.destination.subscription.name=S messaging.operation.name=process messaging.operation.type=process " +
            "messaging.system=postgresql pglistener.name=n server.address=db.example server.port=5433";
        Assert.Equal(
            [
                "resync a Internal Unset messaging.destination.name=a messaging.destination.subscription.name=S messaging.system=postgresql pglistener.gap.reason=started pglistener.name=n server.address=db.example server.port=5433",
                $"process a Consumer Unset {tags}",
                $"process a Consumer Error error.type=System.InvalidOperationException {tags}",
            ],
            _ended.Select(Describe));
        var link = Assert.Single(_ended[1].Links);
        Assert.Equal((sender.TraceId, sender.SpanId, "a=b"), (link.Context.TraceId, link.Context.SpanId, link.Context.TraceState));
        Assert.Empty(_ended[2].Links);
        Assert.Same(_ended[2], current);
        Assert.All(_ended, span => Assert.Equal((null, default, null, 0), (span.Parent, span.ParentSpanId, span.StatusDescription, span.Events.Count())));
    }

    [Fact]
    public async Task A_sampler_decides_by_the_tags_that_the_span_would_have()
    {
        _listener.Dispose();
        var offered = new List<string>();
        using var sampler = new ActivityListener
        {
            ShouldListenTo = source => source.Name == PgListenerDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
            {
                offered.Add($"{options.Name} {options.Kind} {options.Links?.Count() ?? 0} {Describe(options.Tags!)}");
                return offered.Count == 1 ? ActivitySamplingResult.None : ActivitySamplingResult.AllData;
            },
            ActivityStopped = _ended.Add,
        };
        ActivitySource.AddActivityListener(sampler);
        using var pipeline = new Pipeline("n", new() { PropagateTraceContext = true });
        var subscription = pipeline.Subscribe("a", (_, _) => Task.CompletedTask, new() { Name = "S" });
        pipeline.Deliver("a", TraceContext.Inject("{}", ActivityContext.Parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", traceState: null)), "2");
        await Pipeline.EndAsync(subscription);

        const string tags = "messaging.destination.name=a messaging.destination.subscription.name=S messaging.operation.name=process messaging.operation.type=process " +
            "messaging.system=postgresql pglistener.name=n server.address=db.example server.port=5433";
        Assert.Equal([$"process a Consumer 1 {tags}", $"process a Consumer 0 {tags}"], offered);
        Assert.Equal($"process a Consumer Unset {tags}", Describe(Assert.Single(_ended)));
    }

    [Fact]
    public async Task After_a_failover_spans_name_the_new_server()
    {
        using var pipeline = new Pipeline();
        var subscription = pipeline.Subscribe(
            "a",
            (context, _) =>
            {
                pipeline.Server = context.Payload == "1" ? "other.example:5434" : null;
                return Task.CompletedTask;
            },
            new());
        pipeline.Deliver("a", "1", "2", "3");
        await Pipeline.EndAsync(subscription);
        Assert.Equal(
            [("db.example", 5433), ("other.example", 5434), (null, null)],
            _ended.Select(span => ((string?)span.GetTagItem(PgListenerTags.ServerAddress), (int?)span.GetTagItem(PgListenerTags.ServerPort))));
    }

    [Fact]
    public async Task An_observer_of_spans_that_throws_harms_nobody()
    {
        using var pipeline = new Pipeline();
        _onStop = _ => throw new InvalidOperationException("an observer");
        var subscription = pipeline.Subscribe("a", (_, _) => Task.CompletedTask, new());
        pipeline.Deliver("a", "1", "2");
        await Pipeline.EndAsync(subscription);
        Assert.Equal((2, 0), (subscription.Statistics.Processed, subscription.Statistics.Failed));
        Assert.Equal([110, 212], pipeline.Logger.Collector.GetSnapshot().Select(record => record.Id.Id));
    }

    [Fact]
    public async Task A_publish_is_a_producer_span_whose_context_travels()
    {
        using var telemetry = new PublisherTelemetry(factory: null, "p", TimeProvider.System, NullLogger.Instance);
        using var request = new Activity("request").Start();
        ActivityContext given = default;
        await telemetry.SendAsync("a", 2, "db.example:5433", context =>
        {
            given = context;
            return Task.CompletedTask;
        });
        await Assert.ThrowsAsync<TimeoutException>(() => telemetry.SendAsync("a", 1, server: null, _ => throw new TimeoutException()));

        const string tags = "messaging.destination.name=a messaging.operation.name=send messaging.operation.type=send messaging.system=postgresql pglistener.name=p";
        Assert.Equal(
            [$"send a Producer Unset messaging.batch.message_count=2 {tags} server.address=db.example server.port=5433", $"send a Producer Error error.type=System.TimeoutException {tags}"],
            _ended.Select(Describe));
        Assert.Equal((_ended[0].Context, request.SpanId), (given, _ended[0].ParentSpanId));
        Assert.Same(request, Activity.Current);
    }

    [Fact]
    public async Task Without_listeners_a_publish_carries_what_is_under_way()
    {
        _listener.Dispose();
        using var telemetry = new PublisherTelemetry(factory: null, "", TimeProvider.System, NullLogger.Instance);
        using var request = new Activity("request").Start();
        ActivityContext given = default;
        await telemetry.SendAsync("a", 1, server: null, context =>
        {
            given = context;
            return Task.CompletedTask;
        });
        Assert.Equal(request.Context, given);
    }

    private static string Describe(Activity activity)
        => $"{activity.OperationName} {activity.Kind} {activity.Status} {Describe(activity.TagObjects)}";

    private static string Describe(IEnumerable<KeyValuePair<string, object?>> tags)
        => string.Join(' ', tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"));
}
