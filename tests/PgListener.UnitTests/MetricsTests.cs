using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using PgListener.Payloads;
using PgListener.Registration;
using PgListener.Subscriptions;
using PgListener.Telemetry;
using static PgListener.PgListenerInstruments;

namespace PgListener.UnitTests;

/// <summary>Every instrument: its name, unit, kind, and the keys and values of its tags after known traffic.</summary>
public sealed class MetricsTests
{
    private const string Tags = "messaging.destination.name=a messaging.destination.subscription.name=S messaging.system=postgresql";

    [Fact]
    public void Instruments_names_units_and_kinds_are_frozen()
    {
        using var meters = new TestMeters();
        var found = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Scope == meters)
                    found.Add($"{instrument.Name} {instrument.Unit} {instrument.GetType().Name[..^2]} {instrument.Meter.Name} {instrument.Description is { Length: > 0 }}");
            },
        };
        listener.Start();
        using var publisher = new PublisherTelemetry(meters, "", TimeProvider.System, NullLogger.Instance);
        _ = new Listener("Host=nowhere", new() { MeterFactory = meters });

        Assert.Equal(
            [
                "messaging.client.consumed.messages {message} ObservableCounter PgListener True",
                "messaging.client.operation.duration s Histogram PgListener True",
                "messaging.client.sent.messages {message} Counter PgListener True",
                "messaging.process.duration s Histogram PgListener True",
                "pglistener.calls.hanging {call} ObservableUpDownCounter PgListener True",
                "pglistener.connection.errors {error} ObservableCounter PgListener True",
                "pglistener.connection.state {state} ObservableUpDownCounter PgListener True",
                "pglistener.gaps {gap} ObservableCounter PgListener True",
                "pglistener.notifications.dropped {message} ObservableCounter PgListener True",
                "pglistener.notifications.failed {message} ObservableCounter PgListener True",
                "pglistener.notifications.processed {message} ObservableCounter PgListener True",
                "pglistener.queue.limit {message} ObservableUpDownCounter PgListener True",
                "pglistener.queue.memory.limit By ObservableUpDownCounter PgListener True",
                "pglistener.queue.memory.usage By ObservableUpDownCounter PgListener True",
                "pglistener.queue.usage {message} ObservableUpDownCounter PgListener True",
                "pglistener.reconnects {reconnect} ObservableCounter PgListener True",
                "pglistener.resync.duration s Histogram PgListener True",
                "pglistener.round_trip.duration s ObservableGauge PgListener True",
                "pglistener.server.queue.usage 1 ObservableGauge PgListener True",
            ],
            found.Order(StringComparer.Ordinal));
        Assert.Equal(
            typeof(PgListenerInstruments).GetFields(BindingFlags.Public | BindingFlags.Static)
                .Where(field => !field.Name.EndsWith("Unit", StringComparison.Ordinal)).Select(field => (string)field.GetValue(null)!).Order(StringComparer.Ordinal),
            found.Select(line => line.Split(' ')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_consumed_processed_and_fails_is_counted_with_its_error()
    {
        using var pipeline = new Pipeline();
        using var durations = pipeline.Meters.Collect<double>(ProcessDuration);
        using var resyncs = pipeline.Meters.Collect<double>(ResyncDuration);
        var subscription = pipeline.Subscribe(
            "a",
            (context, _) =>
            {
                pipeline.Time.Advance(TimeSpan.FromMilliseconds(250));
                return context.Payload switch
                {
                    "bad" => throw new InvalidOperationException(),
                    "malformed" => throw new MalformedPayloadException(new FormatException()),
                    _ => Task.CompletedTask,
                };
            },
            new()
            {
                Name = "S",
                OnResync = (_, _) =>
                {
                    pipeline.Time.Advance(TimeSpan.FromSeconds(2));
                    return Task.CompletedTask;
                },
            });
        pipeline.Deliver("a", "good", "bad", "malformed", "good", "bad");
        await Pipeline.EndAsync(subscription);

        Assert.Equal(["messaging.destination.name=a messaging.destination.subscription.name=S messaging.operation.name=receive messaging.operation.type=receive messaging.system=postgresql -> 5"],
            pipeline.Meters.Observe<long>(ConsumedMessages));
        Assert.Equal([$"{Tags} -> 5"], pipeline.Meters.Observe<long>(Processed));
        Assert.Equal(
            [$"error.type=System.FormatException {Tags} -> 1", $"error.type=System.InvalidOperationException {Tags} -> 2"],
            pipeline.Meters.Observe<long>(Failed).Order());
        const string process = "messaging.destination.name=a messaging.destination.subscription.name=S messaging.operation.name=process messaging.operation.type=process messaging.system=postgresql -> 0.25";
        Assert.Equal(
            [process, $"error.type=System.InvalidOperationException {process}", $"error.type=System.FormatException {process}", process, $"error.type=System.InvalidOperationException {process}"],
            TestMeters.Lines(durations));
        Assert.Equal([$"{Tags} pglistener.gap.reason=started -> 2"], TestMeters.Lines(resyncs));
        Assert.Equal((5, 5, 3, 0), (subscription.Statistics.Received, subscription.Statistics.Processed, subscription.Statistics.Failed, subscription.Statistics.Gaps));
        Assert.Equal(pipeline.Time.GetUtcNow(), subscription.Statistics.LastFailedAt);
        Assert.Equal([200, 204], pipeline.Logger.Collector.GetSnapshot().Select(record => record.Id.Id));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_says_why()
    {
        using var abort = new CancellationTokenSource();
        using var pipeline = new Pipeline { Abort = abort.Token };
        using var durations = pipeline.Meters.Collect<double>(ProcessDuration);
        var entered = new SemaphoreSlim(0);
        var subscription = pipeline.Subscribe(
            "a",
            async (_, token) =>
            {
                entered.Release();
                await Task.Delay(Timeout.Infinite, token);
            },
            new() { Name = "S", Timeout = TimeSpan.FromSeconds(3) });
        pipeline.Deliver("a", "1", "2");
        await entered.WaitAsync(TestContext.Current.CancellationToken);
        pipeline.Time.Advance(TimeSpan.FromSeconds(3));
        await entered.WaitAsync(TestContext.Current.CancellationToken);
        await abort.CancelAsync();
        await Pipeline.EndAsync(subscription);

        Assert.Equal([$"error.type=cancelled {Tags} -> 1", $"error.type=timeout {Tags} -> 1"], pipeline.Meters.Observe<long>(Failed).Order());
        Assert.Equal(["timeout", "cancelled"], durations.GetMeasurementSnapshot().Select(measurement => measurement.Tags["error.type"]));
    }

    [Fact]
    public async Task Calls_that_hang_are_reported_while_they_do()
    {
        using var pipeline = new Pipeline();
        var (entered, leave) = (new SemaphoreSlim(0), new TaskCompletionSource());
        var options = new SubscriptionOptions { Name = "S", Timeout = TimeSpan.FromSeconds(3), MaxConcurrency = 2 };
        Subscription[] subscriptions = [pipeline.Subscribe("a", Enter, options), pipeline.Subscribe("a", Enter, options)];
        pipeline.Deliver("a", "1", "2");
        for (var i = 0; i < 4; i++)
            await entered.WaitAsync(TestContext.Current.CancellationToken);
        pipeline.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal([$"{Tags} -> 0"], pipeline.Meters.Observe<long>(Hanging));
        pipeline.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal([$"{Tags} -> 4"], pipeline.Meters.Observe<long>(Hanging));
        leave.SetResult();
        await Task.WhenAll(subscriptions.Select(Pipeline.EndAsync));
        Assert.Equal([$"{Tags} -> 0"], pipeline.Meters.Observe<long>(Hanging));

        Task Enter(NotificationContext context, CancellationToken cancellationToken)
        {
            entered.Release();
            return leave.Task;
        }
    }

    [Fact]
    public async Task A_payload_that_a_handler_cannot_read_has_failed()
    {
        using var pipeline = new Pipeline();
        using var services = new ServiceCollection().BuildServiceProvider();
        var runner = new HandlerRunner<Number>("S", _ => throw new NotSupportedException(), services.GetRequiredService<IServiceScopeFactory>(), new PayloadLog(pipeline.Logger, TimeProvider.System));
        var subscription = pipeline.Subscribe("a", runner.HandleAsync, new() { Name = "S" });
        pipeline.Deliver("a", "not a number");
        await Pipeline.EndAsync(subscription);

        Assert.Equal([$"error.type=System.FormatException {Tags} -> 1"], pipeline.Meters.Observe<long>(Failed));
        Assert.Equal([400, 401], pipeline.Logger.Collector.GetSnapshot().Select(record => record.Id.Id));
    }

    [Fact]
    public void What_does_not_reach_its_callback_is_counted_by_reason()
    {
        using var pipeline = new Pipeline();
        var dropping = pipeline.Subscribe("a", Ignore, new() { Name = "S", FullQueueMode = FullQueueMode.Drop, QueueCapacity = 2, QueueCapacityBytes = 1000 }, isPaused: true);
        var latest = pipeline.Subscribe("b", Ignore, new() { Name = "L", FullQueueMode = FullQueueMode.KeepLatest }, isPaused: true);
        pipeline.Deliver("a", "1", "22", "333", "4444", "55555");
        pipeline.Deliver("b", "1", "2", "3", "4");

        Assert.Equal([$"{Tags} -> 2"], Of("a", pipeline.Meters.Observe<long>(QueueUsage)));
        Assert.Equal([$"{Tags} -> 2"], Of("a", pipeline.Meters.Observe<long>(QueueLimit)));
        Assert.Equal([$"{Tags} -> 166"], Of("a", pipeline.Meters.Observe<long>(QueueMemoryUsage)));
        Assert.Equal([$"{Tags} -> 1000"], Of("a", pipeline.Meters.Observe<long>(QueueMemoryLimit)));
        Assert.Equal(
            [$"{Tags} pglistener.gap.reason=overflow -> 1", $"{Tags} pglistener.gap.reason=reconnected -> 0", $"{Tags} pglistener.gap.reason=started -> 0"],
            Of("a", pipeline.Meters.Observe<long>(Gaps)));

        _ = dropping.EndAsync(discard: true);
        _ = latest.EndAsync(discard: true);
        Assert.Equal(
            [$"{Tags} pglistener.drop.reason=discarded -> 2", $"{Tags} pglistener.drop.reason=overflow -> 3", $"{Tags} pglistener.drop.reason=replaced -> 0"],
            Of("a", pipeline.Meters.Observe<long>(Dropped)));
        Assert.Equal(["discarded -> 1", "overflow -> 0", "replaced -> 3"], Of("b", pipeline.Meters.Observe<long>(Dropped)).Select(line => line.Split('=')[^1]));
        Assert.All(Of("a", pipeline.Meters.Observe<long>(QueueUsage)), line => Assert.EndsWith(" -> 0", line, StringComparison.Ordinal));
    }

    [Fact]
    public void The_connection_says_its_state_and_how_it_has_been()
    {
        using var pipeline = new Pipeline("billing");
        Assert.Empty(pipeline.Meters.Observe<double>(RoundTrip));
        Assert.Empty(pipeline.Meters.Observe<double>(ServerQueueUsage));
        foreach (var state in new[] { ListenerState.Connecting, ListenerState.Listening, ListenerState.Reconnecting, ListenerState.Listening })
            pipeline.State.Move(state);
        pipeline.State.Note(status => status with { RoundTrip = TimeSpan.FromMilliseconds(12), QueueUsage = 0.25 });
        pipeline.Metrics.ConnectionFailed(new TimeoutException());
        pipeline.Metrics.ConnectionFailed(new Npgsql.PostgresException("", "FATAL", "FATAL", "57P01"));
        pipeline.Metrics.ConnectionFailed(new Npgsql.PostgresException("", "FATAL", "FATAL", "57P01"));

        Assert.Equal(
            [
                "pglistener.name=billing pglistener.state=connecting -> 0",
                "pglistener.name=billing pglistener.state=listening -> 1",
                "pglistener.name=billing pglistener.state=reconnecting -> 0",
                "pglistener.name=billing pglistener.state=stopped -> 0",
                "pglistener.name=billing pglistener.state=stopping -> 0",
            ],
            pipeline.Meters.Observe<long>(ConnectionState).Order());
        Assert.Equal(["pglistener.name=billing -> 1"], pipeline.Meters.Observe<long>(Reconnects));
        Assert.Equal(["error.type=57P01 pglistener.name=billing -> 2", "error.type=System.TimeoutException pglistener.name=billing -> 1"], pipeline.Meters.Observe<long>(ConnectionErrors).Order());
        Assert.Equal(["pglistener.name=billing -> 0.012"], pipeline.Meters.Observe<double>(RoundTrip));
        Assert.Equal(["pglistener.name=billing -> 0.25"], pipeline.Meters.Observe<double>(ServerQueueUsage));
    }

    [Fact]
    public void Counts_of_subscriptions_that_have_ended_stay_and_are_summed_up()
    {
        using var pipeline = new Pipeline();
        for (var i = 1; i <= 3; i++)
        {
            var reader = pipeline.Subscribe("a", callback: null, new() { Name = "S" });
            pipeline.Deliver("a", "1", "2");
            Assert.Equal([$"{Tags} -> 2"], pipeline.Meters.Observe<long>(QueueUsage));
            pipeline.Remove(reader);
            pipeline.Remove(reader);
            _ = reader.EndAsync(discard: true);
            Assert.EndsWith($" -> {2 * i}", Assert.Single(pipeline.Meters.Observe<long>(ConsumedMessages)), StringComparison.Ordinal);
            Assert.Empty(pipeline.Meters.Observe<long>(QueueUsage));
            Assert.Empty(pipeline.Meters.Observe<long>(QueueLimit));
        }

        for (var i = 0; i < 2 * SeriesTable.MaxEnded; i++)
        {
            var reader = pipeline.Subscribe($"channel {i}", callback: null, new());
            _ = reader.EndAsync(discard: true);
            pipeline.Remove(reader);
        }

        Assert.Equal(SeriesTable.MaxEnded, pipeline.Meters.Observe<long>(ConsumedMessages).Length);
    }

    [Fact]
    public async Task A_call_that_outlives_its_subscription_is_counted()
    {
        using var pipeline = new Pipeline();
        var (entered, leave) = (new TaskCompletionSource(), new TaskCompletionSource());
        var subscription = pipeline.Subscribe(
            "a",
            (_, _) =>
            {
                entered.SetResult();
                return leave.Task;
            },
            new() { Name = "S" });
        pipeline.Deliver("a", "1");
        await entered.Task.WaitAsync(TestContext.Current.CancellationToken);
        pipeline.Remove(subscription);
        Assert.Equal([$"{Tags} -> 0"], pipeline.Meters.Observe<long>(Processed));
        leave.SetResult();
        await Pipeline.EndAsync(subscription);
        Assert.Equal([$"{Tags} -> 1"], pipeline.Meters.Observe<long>(Processed));
    }

    [Fact]
    public void Many_different_errors_do_not_make_ever_more_series()
    {
        var errors = new ErrorCounts();
        for (var i = 0; i < 3 * ErrorCounts.MaxTypes; i++)
            errors.Add($"error {i}");
        errors.Add("error 1");
        var counts = errors.ToArray().ToDictionary();
        Assert.Equal((ErrorCounts.MaxTypes + 1, 2 * ErrorCounts.MaxTypes, 2), (counts.Count, counts[PgListenerTags.Other], counts["error 1"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_listener_that_is_disposed_of_reports_nothing_any_more(bool hasFactory)
    {
        using var meters = new TestMeters();
        var listener = new Listener("Host=nowhere", new() { MeterFactory = hasFactory ? meters : null, Name = hasFactory ? "" : nameof(A_listener_that_is_disposed_of_reports_nothing_any_more) });
        await listener.AddCallbackAsync("a", Ignore, TestContext.Current.CancellationToken);
        Assert.Equal(5, CountStates());
        await listener.DisposeAsync();
        Assert.Equal(0, CountStates());

        // The listener's own meter is nobody's: it is found by the listener's name.
        int CountStates()
        {
            var count = 0;
            using var observer = new MeterListener
            {
                InstrumentPublished = (instrument, self) =>
                {
                    if (instrument.Meter.Name == PgListenerDiagnostics.MeterName && (!hasFactory || instrument.Meter.Scope == meters))
                        self.EnableMeasurementEvents(instrument);
                },
            };
            observer.SetMeasurementEventCallback<long>((instrument, _, tags, _) =>
            {
                if (instrument.Name == ConnectionState && (hasFactory || tags.ToArray().Any(tag => tag.Value is nameof(A_listener_that_is_disposed_of_reports_nothing_any_more))))
                    count++;
            });
            observer.Start();
            observer.RecordObservableInstruments();
            return count;
        }
    }

    [Fact]
    public async Task An_observer_of_durations_that_throws_harms_nobody()
    {
        using var pipeline = new Pipeline();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == pipeline.Meters && instrument.Name == ProcessDuration)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => throw new InvalidOperationException("an observer"));
        listener.Start();
        var subscription = pipeline.Subscribe("a", Ignore, new());
        pipeline.Deliver("a", "1", "2");
        await Pipeline.EndAsync(subscription);
        Assert.Equal((2, 0), (subscription.Statistics.Processed, subscription.Statistics.Failed));
        Assert.Equal([110, 212], pipeline.Logger.Collector.GetSnapshot().Select(record => record.Id.Id));
    }

    [Fact]
    public async Task A_publish_is_counted_and_timed_with_its_error()
    {
        using var meters = new TestMeters();
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var telemetry = new PublisherTelemetry(meters, "p", time, NullLogger.Instance);
        using var sent = meters.Collect<long>(SentMessages);
        using var durations = meters.Collect<double>(OperationDuration);
        await telemetry.SendAsync("a", 3, server: null, Send);
        await Assert.ThrowsAsync<TimeoutException>(() => telemetry.SendAsync("a", 1, server: null, _ => throw new TimeoutException()));
        telemetry.Dispose();
        await telemetry.SendAsync("a", 1, server: null, Send);

        const string tags = "messaging.destination.name=a messaging.operation.name=send messaging.operation.type=send messaging.system=postgresql pglistener.name=p";
        Assert.Equal([$"{tags} -> 3", $"error.type=System.TimeoutException {tags} -> 1"], TestMeters.Lines(sent));
        Assert.Equal([$"{tags} -> 0.5", $"error.type=System.TimeoutException {tags} -> 0"], TestMeters.Lines(durations));

        Task Send(System.Diagnostics.ActivityContext context)
        {
            time.Advance(TimeSpan.FromSeconds(0.5));
            return Task.CompletedTask;
        }
    }

    private static IEnumerable<string> Of(string channel, string[] lines)
        => lines.Where(line => line.Contains($"messaging.destination.name={channel} ", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private static Task Ignore(NotificationContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private sealed record Number(int Value) : INotificationChannel<Number>
    {
        public static string ChannelName => "a";

        public static Number Parse(string payload) => new(int.Parse(payload, System.Globalization.CultureInfo.InvariantCulture));
    }
}
