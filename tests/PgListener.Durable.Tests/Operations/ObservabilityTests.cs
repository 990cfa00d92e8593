using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PgListener.Durable.Tests.Operations;

/// <summary>Statistics, metrics, spans and health of durable channels.</summary>
public class ObservabilityTests(ServerFixture server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Statistics_and_metrics_count_what_happened()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await Application.StartAsync(database, Behaviour.Fails(1), options => options.MaxAttempts = 3);
        using var metrics = new Metrics(one.Service<IMeterFactory>());
        await one.PublishAsync(new(1, "ann"), new(2, "ann"), new(3, "bob"));
        await one.UntilHandledAsync(3);
        await Application.UntilAsync(async () => (await one.ParkedAsync(ParkedState.Dead)).Count == 1 && (await one.ParkedAsync(ParkedState.Behind)).Count == 1, "It is not dead.");
        var statistics = one.Channels.GetStatistics();
        Assert.True(statistics.IsCoordinating);
        Assert.Null(statistics.Problem);
        Assert.True(statistics.Looks >= statistics.LooksWithNews);
        var orders = Assert.Single(statistics.Subscriptions);
        Assert.Equal(Application.Orders, orders.Name);
        Assert.Equal((1, 3L, 1L, 3L, 2L, 2L, 1L), (orders.Shards, orders.Received, orders.Handled, orders.Failed, orders.Retried, orders.Parked, orders.DeadLetters));
        await Application.UntilAsync(async () => (await one.StatusAsync())!.LagMessages == 0, "The position stays.");
        var moves = Assert.Single(one.Channels.GetStatistics().Subscriptions).PositionMoves;
        Assert.True(moves > 0);

        await Application.UntilAsync(() => Task.FromResult(metrics.Read(DurableInstruments.DeadLetters) == 1), "The watch does not read.");
        Assert.Equal(3, metrics.Read(PgListenerInstruments.ConsumedMessages, "receive"));
        Assert.Equal(4, metrics.Read(PgListenerInstruments.Processed));
        Assert.Equal(3, metrics.Read(PgListenerInstruments.Failed));
        Assert.Equal(4, metrics.Durations);
        Assert.Equal(2, metrics.Read(DurableInstruments.Retries));
        Assert.Equal(2, metrics.Read(DurableInstruments.Parked));
        Assert.Equal(1, metrics.Read(DurableInstruments.Dead));
        Assert.Equal(1, metrics.Read(DurableInstruments.ShardsHeld));
        Assert.Equal(0, metrics.Read(DurableInstruments.LagMessages));
        Assert.Equal(0, metrics.Read(DurableInstruments.Lag));
        Assert.Equal(0, metrics.Read(DurableInstruments.Blocked));
        Assert.Equal(moves, metrics.Read(DurableInstruments.PositionMoves));
        Assert.True(metrics.Read(DurableInstruments.Looks) >= metrics.Read(DurableInstruments.LooksWithNews));
        Assert.Equal([
            (DurableInstruments.Blocked, "s"), (DurableInstruments.DeadLetters, "{message}"), (DurableInstruments.Lag, "s"), (DurableInstruments.LagMessages, "{message}"),
            (DurableInstruments.Looks, "{look}"), (DurableInstruments.LooksWithNews, "{look}"), (DurableInstruments.Dead, "{message}"), (DurableInstruments.Parked, "{message}"),
            (DurableInstruments.PositionMoves, "{move}"), (DurableInstruments.Retries, "{attempt}"), (DurableInstruments.ShardsHeld, "{shard}"), (DurableInstruments.WakeUps, "{wake_up}"),
        ], metrics.Durable);

        // One that is published here is told of. One of which nobody tells is found by a look.
        Assert.True(one.Channels.GetStatistics().WakeUps > 0);
        var found = one.Channels.GetStatistics().LooksWithNews;
        await using var dataSource = Npgsql.NpgsqlDataSource.Create(database);
        await using var publish = dataSource.CreateCommand("""select pglistener.publish('order_placed', '{"id":4}', wake => false)""");
        await publish.ExecuteNonQueryAsync(Token);
        await one.UntilHandledAsync(3, 4);
        await Application.UntilAsync(() => Task.FromResult(one.Channels.GetStatistics().LooksWithNews > found), "No look is counted.");
    }

    [Fact]
    public async Task A_call_that_ignores_its_time_limit_is_counted_until_it_ends()
    {
        var database = await server.CreateDatabaseAsync();
        var behaviour = new Behaviour { Waiting = 1 };
        await using var one = await Application.StartAsync(database, behaviour, handler: options => options.Timeout = TimeSpan.FromMilliseconds(50));
        using var metrics = new Metrics(one.Service<IMeterFactory>());
        Assert.Equal(0, metrics.Read(PgListenerInstruments.Hanging));
        Assert.Equal(double.NaN, metrics.Read(PgListenerInstruments.QueueUsage)); // There is no queue to report.
        await one.PublishAsync(new OrderPlaced(1));
        await Application.UntilAsync(() => Task.FromResult(metrics.Read(PgListenerInstruments.Hanging) == 1), "It is not counted.");

        behaviour.Release();
        await Application.UntilAsync(() => Task.FromResult(metrics.Read(PgListenerInstruments.Hanging) == 0), "It is counted still.");
    }

    [Fact]
    public async Task The_span_of_a_call_is_linked_to_that_of_the_publish()
    {
        var database = await server.CreateDatabaseAsync();
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == PgListenerDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var one = await Application.StartAsync(database, Behaviour.Fails(1), options => options.MaxAttempts = 2);
        using var request = new Activity("request").Start();
        var trace = request.TraceId;
        await one.PublishAsync(new OrderPlaced(1));
        request.Stop();
        await Application.UntilAsync(async () => (await one.ParkedAsync(ParkedState.Dead)).Count == 1, "It is not dead.");

        var send = Assert.Single(spans, span => span.TraceId == trace && span.Kind == ActivityKind.Producer);
        var calls = spans.Where(span => span.Kind == ActivityKind.Consumer && span.Links.Any(link => link.Context.TraceId == trace)).ToArray();
        Assert.Equal(2, calls.Length); // The first attempt from the log, the second from its copy.
        Assert.All(calls, call => Assert.Equal(send.SpanId, Assert.Single(call.Links).Context.SpanId));
        Assert.All(calls, call => Assert.Equal(("process order_placed", "Orders", "System.IO.InvalidDataException"), (call.OperationName, call.GetTagItem(PgListenerTags.Subscription), call.GetTagItem(PgListenerTags.ErrorType))));
        var dead = Assert.Single(await one.ParkedAsync());
        Assert.Contains(send.SpanId.ToHexString(), dead.Headers["traceparent"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_is_degraded_by_lag_blocked_messages_and_dead_letters()
    {
        var database = await server.CreateDatabaseAsync();
        var behaviour = Behaviour.Fails(1);
        await using var one = await Application.StartAsync(
            database,
            behaviour,
            options => (options.OnFailure, options.MaxRetryDelay) = (FailureMode.Block, TimeSpan.FromMilliseconds(20)),
            options => (options.MaxHealthyLag, options.DegradeOnDeadLetters) = (TimeSpan.FromSeconds(1), true));
        await Application.UntilAsync(async () => (await one.HealthAsync()).Status == HealthStatus.Healthy, "It is not healthy at first.");
        await one.PublishAsync(new OrderPlaced(1));

        HealthReportEntry entry = default;
        await Application.UntilAsync(async () => (entry = (await one.HealthAsync()).Entries["pglistener"]).Description!.Contains("has blocked shard 0 of 'Orders' on 'order_placed'", StringComparison.Ordinal) && entry.Description.Contains("lags by", StringComparison.Ordinal), "It is not blocked.");
        Assert.Equal(HealthStatus.Degraded, entry.Status);
        Assert.Equal(1L, entry.Data["durableLagMessages"]);
        await Application.UntilAsync(() => Task.FromResult(one.Log.GetSnapshot().Count(line => line.Id == 692) == 1 && one.Log.GetSnapshot().Count(line => line.Id == 693) == 1), "It is not logged.");

        behaviour.Failing.Clear();
        await Application.UntilAsync(async () => (await one.HealthAsync()).Status == HealthStatus.Healthy, "It is not healthy again.");
        Assert.Single(one.Log.GetSnapshot(), line => line.Id == 694);
        await using var log = LogDatabase.Of(database);
        await log.ExecuteAsync("insert into pglistener.retry (subscription, message, bucket, payload, published_at, attempts, next_at, dead_at) select id, 99, 0, '', now(), 1, 'infinity', now() from pglistener.subscription");
        await Application.UntilAsync(async () => (entry = (await one.HealthAsync()).Entries["pglistener"]).Status == HealthStatus.Degraded, "The dead letter does not matter.");
        Assert.Contains("'Orders' on 'order_placed' has 1 dead letter(s)", entry.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_names_a_missing_schema()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await Application.StartAsync(database, channels: options => options.CreateSchema = false);

        HealthReportEntry entry = default;
        await Application.UntilAsync(async () => (entry = (await one.HealthAsync()).Entries["pglistener"]).Description!.Contains("does not exist in the database", StringComparison.Ordinal) && entry.Description.StartsWith("Listening.", StringComparison.Ordinal), "The schema is not named.");

        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.Equal(false, entry.Data["durableCoordinating"]);
        await using (var log = LogDatabase.Of(database))
            await DurableSchema.CreateAsync(log.DataSource, Token);
        await Application.UntilAsync(async () => (await one.HealthAsync()).Status == HealthStatus.Healthy, "It is not healthy with the schema.");
    }

    [Fact]
    public async Task A_shard_that_nobody_holds_is_named()
    {
        var database = await server.CreateDatabaseAsync();
        var behaviour = new Behaviour { Waiting = 1 };
        await using var one = await Application.StartAsync(
            database, behaviour, channels: options => (options.SessionTimeout, options.PollInterval) = (TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100)));
        await one.PublishAsync(new OrderPlaced(1));
        await behaviour.Entered;

        // The session is lost while a call is running that does not end. This instance does not take the shard again before that, and there is no other.
        await using var log = LogDatabase.Of(database);
        await log.ExecuteAsync($"select pg_terminate_backend({(await one.StatusAsync())!.Shards[0].Holder!.ServerProcess})");
        HealthReportEntry entry = default;
        await Application.UntilAsync(
            async () => (entry = (await one.HealthAsync()).Entries["pglistener"]).Description!.Contains("No instance holds shard 0 of 'Orders' on 'order_placed'.", StringComparison.Ordinal), "It is not named.");
        Assert.Single(one.Log.GetSnapshot(), line => line.Id == 690);

        behaviour.Release();
        await Application.UntilAsync(async () => (await one.HealthAsync()).Status == HealthStatus.Healthy, "It is not healthy again.");
        Assert.Single(one.Log.GetSnapshot(), line => line.Id == 691);
    }

    /// <summary>The measurements of one application.</summary>
    private sealed class Metrics : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Lock _sync = new();
        private readonly Dictionary<(string Name, string? Operation), double> _values = [];
        private readonly HashSet<(string Name, string? Unit)> _durable = [];
        private long _durations;

        public Metrics(IMeterFactory factory)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name != PgListenerDiagnostics.MeterName || !ReferenceEquals(instrument.Meter.Scope, factory))
                    return;
                if (instrument.Name.StartsWith("pglistener.durable.", StringComparison.Ordinal))
                    _durable.Add((instrument.Name, instrument.Unit));
                listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public IEnumerable<(string Name, string? Unit)> Durable => _durable.OrderBy(static found => found.Name, StringComparer.Ordinal);

        public long Durations => Interlocked.Read(ref _durations);

        /// <summary>The value for the orders, or for the process.</summary>
        public double Read(string instrument, string? operation = null)
        {
            lock (_sync)
                _values.Clear();
            _listener.RecordObservableInstruments();
            lock (_sync)
                return _values.GetValueOrDefault((instrument, operation), double.NaN);
        }

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string? operation = null;
            string? subscription = null;
            foreach (var (key, tag) in tags)
            {
                if (key == PgListenerTags.OperationName)
                    operation = (string?)tag;
                if (key == PgListenerTags.Subscription)
                    subscription = (string?)tag;
            }

            if (subscription is not (null or "Orders"))
                return;
            if (instrument.Name == PgListenerInstruments.ProcessDuration)
                Interlocked.Increment(ref _durations);
            lock (_sync)
                _values[(instrument.Name, operation)] = value + _values.GetValueOrDefault((instrument.Name, operation));
        }
    }
}
