using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;
using PgListener.Health;

namespace PgListener.UnitTests;

public class HealthTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(ListenerState.Stopped, null, 0, HealthStatus.Unhealthy)]
    [InlineData(ListenerState.Stopping, null, 0, HealthStatus.Unhealthy)]
    [InlineData(ListenerState.Connecting, null, 0, HealthStatus.Unhealthy)]
    [InlineData(ListenerState.Connecting, "refused", 9, HealthStatus.Unhealthy)]
    [InlineData(ListenerState.Listening, null, 0, HealthStatus.Healthy)]
    [InlineData(ListenerState.Listening, null, 1_000_000, HealthStatus.Healthy)]
    [InlineData(ListenerState.Listening, "the server's queue fills", 1_000_000, HealthStatus.Degraded)]
    [InlineData(ListenerState.Reconnecting, "lost", 0, HealthStatus.Degraded)]
    [InlineData(ListenerState.Reconnecting, "lost", 9.999, HealthStatus.Degraded)]
    [InlineData(ListenerState.Reconnecting, "lost", 10, HealthStatus.Unhealthy)]
    public async Task Health_follows_the_state_and_forgives_a_short_loss(ListenerState state, string? problem, double seconds, HealthStatus expected)
    {
        var status = new ListenerStatus { State = state, Since = _time.GetUtcNow(), Problem = problem };
        _time.Advance(TimeSpan.FromSeconds(seconds));
        var result = await CheckAsync(status, TimeSpan.FromSeconds(10), HealthStatus.Unhealthy);
        Assert.Equal(expected, result.Status);
        Assert.Equal(problem is null ? $"{state}." : $"{state}: {problem}", result.Description);
    }

    [Fact]
    public async Task Without_a_grace_period_a_loss_is_what_the_registration_says()
    {
        var status = new ListenerStatus { State = ListenerState.Reconnecting, Since = _time.GetUtcNow() };
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(status, TimeSpan.Zero, HealthStatus.Unhealthy)).Status);
        Assert.Equal(HealthStatus.Degraded, (await CheckAsync(status, TimeSpan.Zero, HealthStatus.Degraded)).Status);
    }

    [Fact]
    public async Task The_data_say_what_there_is_to_know()
    {
        var since = _time.GetUtcNow();
        var status = new ListenerStatus
        {
            State = ListenerState.Reconnecting,
            Since = since,
            Problem = "lost",
            FailedAttempts = 3,
            Server = "db:5432",
            ProcessId = 7,
            QueueUsage = 0.25,
            RoundTrip = TimeSpan.FromMilliseconds(2),
        };
        var data = (await CheckAsync(status, TimeSpan.Zero, HealthStatus.Unhealthy)).Data;
        Assert.Equal(
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["state"] = "Reconnecting",
                ["since"] = since,
                ["failedAttempts"] = 3,
                ["problem"] = "lost",
                ["server"] = "db:5432",
                ["processId"] = 7,
                ["queueUsage"] = 0.25,
                ["roundTrip"] = TimeSpan.FromMilliseconds(2),
                ["subscriptions"] = 2,
                ["queued"] = 11,
                ["failed"] = 33L,
                ["dropped"] = 55L,
                ["gaps"] = 77L,
            },
            data.ToDictionary(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_handler_that_cannot_read_again_what_it_missed_degrades_and_is_named()
    {
        var failure = new ResyncFailure { Since = _time.GetUtcNow(), Attempts = 3, ErrorType = "timeout" };
        var check = new PgListenerHealthCheck(
            new Stub(new() { State = ListenerState.Listening }) { Statistics = [new() { Name = "OrderHandler", Channel = "a", ResyncFailure = failure }, new() { Name = "Other", Channel = "a" }] },
            TimeSpan.Zero,
            new(_time));
        var result = await check.CheckHealthAsync(new() { Registration = new("x", check, HealthStatus.Unhealthy, tags: null) }, TestContext.Current.CancellationToken);
        Assert.Equal(HealthStatus.Degraded, result.Status);
        Assert.Contains("OrderHandler", result.Description, StringComparison.Ordinal);
        Assert.Contains("timeout", result.Description, StringComparison.Ordinal);
        Assert.DoesNotContain("Other", result.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_that_hangs_degrades_and_is_named_until_its_call_has_ended()
    {
        var listener = new Stub(new() { State = ListenerState.Listening })
        {
            Statistics =
            [
                new() { Name = "OrderHandler", Channel = "a", Hanging = 2, HangingSince = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero) },
                new() { Name = "Other", Channel = "a" },
            ],
        };
        var check = new PgListenerHealthCheck(listener, TimeSpan.Zero, new(_time));
        var context = new HealthCheckContext { Registration = new("x", check, HealthStatus.Unhealthy, tags: null) };
        var result = await check.CheckHealthAsync(context, TestContext.Current.CancellationToken);
        Assert.Equal(HealthStatus.Degraded, result.Status);
        Assert.Equal("OrderHandler (running since 2030-01-02 03:04:05Z, 2 call(s))", result.Data["hangingHandlers"]);
        Assert.Contains("OrderHandler (running since", result.Description, StringComparison.Ordinal);
        Assert.Contains("Pass the cancellation token on", result.Description, StringComparison.Ordinal);
        Assert.DoesNotContain("Other", result.Description, StringComparison.Ordinal);

        listener.Statistics = [.. listener.Statistics.Select(one => one with { Hanging = 0, HangingSince = null })];
        result = await check.CheckHealthAsync(context, TestContext.Current.CancellationToken);
        Assert.Equal((HealthStatus.Healthy, "Listening.", false), (result.Status, result.Description, result.Data.ContainsKey("hangingHandlers")));
    }

    [Fact]
    public async Task A_clock_that_is_set_back_does_not_lengthen_the_grace_period()
    {
        var grace = TimeSpan.FromSeconds(10);
        var time = new SteppingTime();
        var check = new PgListenerHealthCheck(new Stub(new() { State = ListenerState.Reconnecting, Since = time.GetUtcNow() }), grace, new(time));
        var context = new HealthCheckContext { Registration = new("x", check, HealthStatus.Unhealthy, tags: null) };
        Assert.Equal(HealthStatus.Degraded, (await check.CheckHealthAsync(context, TestContext.Current.CancellationToken)).Status);
        time.Offset = TimeSpan.FromHours(-1);
        time.Pass(grace);
        Assert.Equal(HealthStatus.Unhealthy, (await check.CheckHealthAsync(context, TestContext.Current.CancellationToken)).Status);
    }

    [Fact]
    public void The_grace_period_is_checked()
        => Assert.Throws<ArgumentOutOfRangeException>(() => new ServiceCollection().AddHealthChecks().AddPgListener(gracePeriod: TimeSpan.FromTicks(-1)));

    private Task<HealthCheckResult> CheckAsync(ListenerStatus status, TimeSpan grace, HealthStatus failure)
    {
        var check = new PgListenerHealthCheck(new Stub(status), grace, new(_time));
        return check.CheckHealthAsync(new() { Registration = new("x", check, failure, tags: null) }, TestContext.Current.CancellationToken);
    }

    private sealed class Stub(ListenerStatus status) : IPgListener
    {
        public event EventHandler<ListenerStateChangedEventArgs>? StateChanged
        {
            add => throw new NotSupportedException();
            remove => throw new NotSupportedException();
        }

        public string Name => "";

        public ListenerStatus Status => status;

        public IReadOnlyList<SubscriptionStatistics> Statistics { get; set; } =
        [
            new() { Name = "a", Channel = "a", Queued = 1, Failed = 3, Dropped = 5, Gaps = 7 },
            new() { Name = "b", Channel = "b", Queued = 10, Failed = 30, Dropped = 50, Gaps = 70 },
        ];

        public IReadOnlyList<SubscriptionStatistics> GetStatistics() => Statistics;

        public Task WaitUntilListeningAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<ListenerSubscription> SubscribeAsync(
            string channel, NotificationCallback callback, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
            => throw new NotSupportedException();

        public IAsyncEnumerable<Notification> ReadAllAsync(string channel, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
            => throw new NotSupportedException();

        public IAsyncEnumerable<StreamItem<TChannel>> ReadItemsAsync<TChannel>(SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
            where TChannel : INotificationChannel<TChannel>
            => throw new NotSupportedException();
    }
}
