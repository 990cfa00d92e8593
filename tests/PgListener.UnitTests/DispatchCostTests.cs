using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Payloads;
using PgListener.Registration;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener.UnitTests;

/// <summary>What a notification costs between the connection and the handler, in memory, scopes and changes of threads: counted, not timed.</summary>
[Collection(nameof(Alone))]
public sealed partial class DispatchCostTests : IDisposable
{
    private const int Notifications = 10_000;
    private const int AtATime = 2_500;
    private const string Payload = """{"id":123456,"total":45.67}""";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly RoutingKit _routing = new();
    private readonly WakeUps _wakeUps = new();
    private readonly SubscriptionContext _context;
    private readonly TestMeters _meters = new();
    private readonly LoggerFactory _loggers = new([new FakeLoggerProvider()]);
    private readonly ListenerMetrics _metrics;
    private readonly ITestOutputHelper _output;
    private int _calls;
    private int _thread;

    public DispatchCostTests(ITestOutputHelper output)
    {
        _output = output;
        var time = new FakeTimeProvider();
        _metrics = new(_meters, "");
        _context = new(new(), new(time), new(), _ => throw new NotSupportedException(), time, _loggers.CreateLogger("PgListener")) { Metrics = _metrics };
        _metrics.Observe(() => _context.Series.Current, static () => default);
        _routing.Difference.BeginSession();
        _wakeUps.Hold();
    }

    [Fact]
    public void A_callback_without_state_costs_no_memory()
    {
        Subscribe(Count);
        Assert.Equal(0, BytesOf(DeliverAll));
        Assert.Equal(2 * Notifications, _calls);
    }

    [Fact]
    public void Metrics_that_are_collected_and_durations_that_are_recorded_cost_no_memory_for_a_notification()
    {
        Subscribe(Count);
        var measurements = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope == _meters)
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => measurements++);
        listener.Start();
        Assert.Equal(0, BytesOf(DeliverAll));
        Assert.Equal((2 * Notifications, 2 * Notifications), (_calls, measurements));
    }

    [Fact]
    public void A_span_is_paid_for_only_while_somebody_listens()
    {
        Subscribe(Count);
        using (var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == PgListenerDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        })
        {
            ActivitySource.AddActivityListener(listener);
            Assert.NotEqual(0, BytesOf(DeliverAll));
        }

        Assert.Equal(0, BytesOf(DeliverAll));
    }

    /// <summary>Its name and tags, which a sampler may read, are made once. Until its code is optimized, the runtime boxes the context of the parent.</summary>
    [Fact]
    public void A_span_that_is_sampled_out_costs_no_memory_of_its_own()
    {
        const int box = 48;
        Subscribe(Count);
        var offered = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == PgListenerDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) =>
            {
                offered++;
                return ActivitySamplingResult.None;
            },
        };
        ActivitySource.AddActivityListener(listener);
        Assert.InRange(BytesOf(DeliverAll), 0, box);
        Assert.Equal((2 * Notifications, 2 * Notifications), (_calls, offered));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Time_limits_of_calls_one_after_the_other_cost_one_timer_and_no_memory(bool isFakeTime)
    {
        var clock = new CountingTime(isFakeTime ? new FakeTimeProvider() : TimeProvider.System);
        using var log = new SubscriptionLog("test", Order.ChannelName, hearsGaps: false, _context.Logger, clock);
        using var abort = new CancellationTokenSource();
        using var limits = new CallLimits(log, clock);
        Action begin = () => limits.Begin(TimeSpan.FromHours(1), abort.Token)!.Dispose();
        Assert.Equal(0, BytesOf(() => Repeat(begin)));
        Assert.Equal(1, clock.Timers);
    }

    /// <summary>The sources are what it takes at least without the library's own code: one that a timer cancels, linked to the one of the stop.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_time_limit_of_its_own_costs_one_timer_and_no_more_than_two_token_sources(bool isFakeTime)
    {
        var time = isFakeTime ? new FakeTimeProvider() : TimeProvider.System;
        var clock = new CountingTime(time);
        using var log = new SubscriptionLog("test", Order.ChannelName, hearsGaps: false, _context.Logger, clock);
        using var abort = new CancellationTokenSource();
        using var limits = new CallLimits(log, clock);
        var seconds = 3_600; // Each call has another limit than the one before.
        var bytes = BytesOf(() => Repeat(() => limits.Begin(TimeSpan.FromSeconds(++seconds), abort.Token)!.Dispose()));
        Assert.Equal(2 * Notifications, clock.Timers);

        var sources = BytesOf(() => Repeat(() =>
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromHours(1), time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, abort.Token);
        }));
        Assert.InRange(bytes, 1, sources);
        _output.WriteLine($"{bytes} bytes; two sources: {sources}.");
    }

    [Fact]
    public void A_callback_with_a_time_limit_costs_no_memory()
    {
        Subscribe(Count, new() { Timeout = TimeSpan.FromHours(1) });
        Assert.Equal(0, BytesOf(DeliverAll));
        Assert.Equal(2 * Notifications, _calls);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    public void A_notification_that_replaces_an_older_one_costs_no_memory(int channels)
    {
        var subscription = new Subscription(channel: null, callback: null, new() { FullQueueMode = FullQueueMode.KeepLatest }, _context);
        _ = _routing.Table.Add(subscription);
        subscription.Begin(isPaused: false, CancellationToken.None);
        var queue = subscription.Queue!;
        string[] names = [.. Enumerable.Range(0, channels).Select(index => $"channel {index}")];
        Assert.Equal(0, BytesOf(() =>
        {
            for (var i = 0; i < Notifications; i++)
                queue.Enqueue(names[i % channels], Payload, 0, _wakeUps);
        }));
        Assert.Equal((channels, (2 * Notifications) - channels), (subscription.Statistics.Queued, subscription.Counters.Replaced));
    }

    [Fact]
    public void A_handler_costs_its_scope_itself_and_its_value()
    {
        using var services = new ServiceCollection().AddTransient<Handler>().AddSingleton(this).BuildServiceProvider();
        var scopes = services.GetRequiredService<IServiceScopeFactory>();
        var runner = new HandlerRunner<Order>("test", scope => scope.GetRequiredService<Handler>(), scopes, PayloadLog.None);
        Subscribe(runner.HandleAsync);

        var own = BytesOf(() => Repeat(() =>
        {
            using var scope = scopes.CreateScope();
            scope.ServiceProvider.GetRequiredService<Handler>();
        }));
        var value = BytesOf(() => Repeat(() => JsonOf<Order>(Payload)));
        Assert.Equal(own + value, BytesOf(DeliverAll));
        Assert.Equal(2 * Notifications, _calls);
    }

    [Fact]
    public void A_handler_that_was_added_without_filters_costs_the_same_and_a_delegate_one_object_more()
    {
        var services = new ServiceCollection().AddSingleton(this);
        services.AddPgListener()
            .AddHandler<Order, Handler>()
            .AddHandler((Notification<Order> notification, Handler handler, CancellationToken token) => handler.HandleAsync(notification, token))
            .AddHandler((Notification<Order> notification, Handler handler, CancellationToken token) => handler.HandleAsync(notification, token), handler => handler.AddFilter(static (_, next, token) => next(token)));
        using var provider = services.BuildServiceProvider();
        var registration = provider.GetRequiredKeyedService<ListenerRegistration>("");
        var scopes = provider.GetRequiredService<IServiceScopeFactory>();
        var direct = new HandlerRunner<Order>("test", scope => scope.GetRequiredService<Handler>(), scopes, PayloadLog.None);
        var bytes = registration.Handlers.Cast<HandlerEntry<Order>>()
            .Select(handler => handler.CreateRunner(registration, scopes, PayloadLog.None))
            .Prepend(direct)
            .Select(runner => BytesOf(() => Repeat(() => Assert.True(runner.HandleAsync(new(new(Order.ChannelName, Payload, 0)), CancellationToken.None).IsCompletedSuccessfully))))
            .ToArray();
        Assert.Equal([bytes[0], bytes[0], bytes[0] + (5 * IntPtr.Size)], bytes[..3]);
        Assert.True(bytes[3] > bytes[2]);
    }

    [Fact]
    public void A_notification_has_one_scope()
    {
        using var services = new ServiceCollection().AddTransient<Handler>().AddSingleton(this).BuildServiceProvider();
        var scopes = new CountingScopes(services.GetRequiredService<IServiceScopeFactory>());
        Subscribe(new HandlerRunner<Order>("test", scope => scope.GetRequiredService<Handler>(), scopes, PayloadLog.None).HandleAsync);
        var before = scopes.Count;
        DeliverAll();
        Assert.Equal(Notifications, _calls);
        Assert.Equal(Notifications, scopes.Count - before);
    }

    [Fact]
    public void A_lone_notification_changes_no_thread()
    {
        Subscribe(Count);
        for (var i = 1; i <= 3; i++)
        {
            Deliver();
            Assert.Equal(i - 1, _calls);
            _wakeUps.WakeAllButOne()!.Wake();
            Assert.Equal(i, _calls);
            Assert.Equal(Environment.CurrentManagedThreadId, _thread);
        }

        Assert.Null(_wakeUps.WakeAllButOne());
    }

    [Fact]
    public void In_a_burst_a_quick_consumer_is_woken_once_in_many_and_changes_no_thread()
    {
        Subscribe(Count);
        var mayTry = false;
        for (var wakes = 1; wakes <= 3; wakes++)
        {
            for (var i = 1; i <= WakeUps.Patience; i++)
            {
                Deliver();
                Assert.Equal(i == WakeUps.Patience, _wakeUps.OneMore());
            }

            Assert.Equal((wakes - 1) * WakeUps.Patience, _calls);
            _wakeUps.TakeQuick(ref mayTry)!.Wake();
            Assert.Equal(wakes * WakeUps.Patience, _calls);
            Assert.Equal(Environment.CurrentManagedThreadId, _thread);
            Assert.Null(_wakeUps.TakeQuick(ref mayTry));
            _wakeUps.WakeAll();
        }
    }

    [Fact]
    public void Nobody_is_held_back_while_the_reader_does_something_else()
    {
        Subscribe(Count);
        Deliver();
        Assert.Equal(0, _calls);
        _wakeUps.StopHolding();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _calls) == 1, Limit));
        Deliver();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _calls) == 2, Limit));
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _meters.Dispose();
        _loggers.Dispose();
    }

    private static TChannel JsonOf<TChannel>(string payload)
        where TChannel : INotificationChannel<TChannel>
        => TChannel.Parse(payload);

    private static void Repeat(Action action)
    {
        for (var i = 0; i < Notifications; i++)
            action();
    }

    /// <summary>What this thread allocates in a second run, each time.</summary>
    private static double BytesOf(Action action)
    {
        action();
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Notifications;
    }

    private Task Count(NotificationContext context, CancellationToken cancellationToken)
    {
        Called();
        return Task.CompletedTask;
    }

    private void Called()
    {
        Volatile.Write(ref _thread, Environment.CurrentManagedThreadId);
        Interlocked.Increment(ref _calls);
    }

    private void Deliver() => _routing.Deliver(Order.ChannelName, Payload, _wakeUps);

    private void DeliverAll()
    {
        for (var i = 0; i < Notifications; i += AtATime)
        {
            for (var j = 0; j < AtATime; j++)
                Deliver();
            _wakeUps.WakeAllButOne()!.Wake();
        }
    }

    /// <summary>Adds a callback, and returns once its pump waits.</summary>
    private void Subscribe(NotificationCallback callback, SubscriptionOptions? options = null)
    {
        var subscription = new Subscription(Order.ChannelName, callback, options ?? new(), _context);
        _ = _routing.Table.Add(subscription);
        _routing.Agree();
        subscription.Begin(isPaused: false, CancellationToken.None);
        Settle();
    }

    /// <summary>Sends until the pump runs on this thread: from then on it is surely waiting again when it has returned.</summary>
    private void Settle()
    {
        for (_thread = 0; _thread != Environment.CurrentManagedThreadId;)
        {
            var calls = _calls;
            Deliver();
            _wakeUps.WakeAllButOne()?.Wake();
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _calls) > calls, Limit));
        }

        _calls = 0;
    }

    private sealed record Order(long Id, decimal Total) : IJsonNotificationChannel<Order>
    {
        public static string ChannelName => "a";

        public static JsonTypeInfo<Order> JsonTypeInfo => Json.Default.Order;
    }

    private sealed class Handler(DispatchCostTests test) : INotificationHandler<Order>
    {
        public Task HandleAsync(Notification<Order> notification, CancellationToken cancellationToken)
        {
            test.Called();
            return Task.CompletedTask;
        }
    }

    private sealed class CountingTime(TimeProvider inner) : TimeProvider
    {
        public int Timers { get; private set; }

        public override long TimestampFrequency => inner.TimestampFrequency;

        public override long GetTimestamp() => inner.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers++;
            return inner.CreateTimer(callback, state, dueTime, period);
        }
    }

    private sealed class CountingScopes(IServiceScopeFactory inner) : IServiceScopeFactory
    {
        private int _count;

        public int Count => _count;

        public IServiceScope CreateScope()
        {
            Interlocked.Increment(ref _count);
            return inner.CreateScope();
        }
    }

    [JsonSerializable(typeof(Order))]
    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    private sealed partial class Json : JsonSerializerContext;
}
