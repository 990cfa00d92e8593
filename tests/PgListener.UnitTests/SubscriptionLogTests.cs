using Microsoft.Extensions.Logging;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>What is logged of a subscription that fails again and again, loses what nobody hears of, or is never called.</summary>
public sealed class SubscriptionLogTests
{
    [Fact]
    public async Task Of_each_kind_of_failure_the_first_has_its_stack_and_the_others_are_counted()
    {
        using var pipeline = new Pipeline();
        var subscription = pipeline.Subscribe(
            "a",
            (context, _) => throw (context.Payload == "x" ? new InvalidOperationException("first kind") : new FormatException("second kind")),
            new() { Name = "S", QueueCapacity = 10_000 });
        for (var i = 0; i < 1000; i++)
            pipeline.Deliver("a", "x", "y");
        Assert.True(SpinWait.SpinUntil(() => subscription.Statistics.Processed == 2000, TimeSpan.FromSeconds(10)));
        Assert.Equal([200, 200], Ids(pipeline));
        pipeline.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([200, 200, 204, 204], Ids(pipeline));
        Assert.All(pipeline.Logger.Collector.GetSnapshot().Skip(2), record =>
        {
            Assert.Equal("999", record.GetStructuredStateValue("Count"));
            Assert.Null(record.Exception);
        });

        pipeline.Deliver("a", "x");
        await Pipeline.EndAsync(subscription);
        Assert.Equal("1", pipeline.Logger.LatestRecord.GetStructuredStateValue("Count")); // Nothing that was counted is kept back at the end.
    }

    [Fact]
    public async Task Calls_that_are_cancelled_after_their_time_limit_are_counted_too()
    {
        using var pipeline = new Pipeline();
        var entered = new SemaphoreSlim(0);
        var subscription = pipeline.Subscribe(
            "a",
            async (_, token) =>
            {
                entered.Release();
                await Task.Delay(Timeout.Infinite, token);
            },
            new() { Name = "S", Timeout = TimeSpan.FromSeconds(1) });
        pipeline.Deliver("a", "1", "2", "3");
        for (var i = 0; i < 3; i++)
        {
            Assert.True(await entered.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
            pipeline.Time.Advance(TimeSpan.FromSeconds(1));
        }

        await Pipeline.EndAsync(subscription);
        Assert.Equal([201, 204], Ids(pipeline));
        Assert.Equal("2", pipeline.Logger.LatestRecord.GetStructuredStateValue("Count"));
    }

    [Fact]
    public void A_listener_that_is_not_told_to_call_its_callbacks_says_so_before_it_drops_anything()
    {
        using var pipeline = new Pipeline();
        pipeline.Subscribe("a", Ignore, new() { Name = "S", QueueCapacity = 10 }, isPaused: true);
        pipeline.Deliver("a", "1", "2", "3", "4");
        Assert.Empty(Ids(pipeline));
        pipeline.Deliver("a", "5", "6", "7", "8", "9", "10", "11", "12");
        Assert.Equal([210, 202], Ids(pipeline));
    }

    [Fact]
    public void It_says_so_too_when_there_is_room_but_nothing_has_been_called_for_long()
    {
        using var pipeline = new Pipeline();
        pipeline.Subscribe("a", Ignore, new() { Name = "S" }, isPaused: true);
        pipeline.Deliver("a", "1");
        Assert.Empty(Ids(pipeline));
        pipeline.Time.Advance(TimeSpan.FromSeconds(5));
        pipeline.Deliver("a", "2", "3");
        Assert.Equal([210], Ids(pipeline));
    }

    [Fact]
    public void A_loss_that_nobody_hears_of_says_what_to_set()
    {
        using var pipeline = new Pipeline();
        pipeline.Subscribe("a", callback: null, new() { Name = "S", QueueCapacity = 1 });
        pipeline.Subscribe("a", callback: null, new() { Name = "T", QueueCapacity = 1, OnResync = (_, _) => Task.CompletedTask });
        pipeline.Deliver("a", "1", "2", "3");
        var lines = pipeline.Logger.Collector.GetSnapshot().Select(record => record.Message).ToArray();
        Assert.Contains("OnResync", Assert.Single(lines, line => line.StartsWith("S ", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.DoesNotContain("OnResync", Assert.Single(lines, line => line.StartsWith("T ", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_logger_that_takes_its_time_holds_up_nobody_who_ends_or_begins_a_subscription(bool isNextRun)
    {
        using var logger = new StuckLogger(207);
        using var pipeline = new Pipeline(logger: logger);
        var subscription = pipeline.Subscribe("a", callback: null, new() { Name = "S", QueueCapacity = 1, FullQueueMode = FullQueueMode.Drop });
        pipeline.Deliver("a", "1", "2");
        Read(subscription);
        pipeline.Deliver("a", "3", "4"); // It overflows again, which is counted, and is said at the end.
        var ending = Task.Run(
            () =>
            {
                if (isNextRun)
                    subscription.Begin(isPaused: false, CancellationToken.None);
                else
                    _ = subscription.EndAsync(discard: true);
            },
            TestContext.Current.CancellationToken);
        await logger.Entered.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await ending.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        static void Read(Subscription subscription)
        {
            var item = new QueueItem[1];
            while (subscription.Queue!.Take(item) > 0)
            {
                if (item[0].Gap is null)
                    subscription.Queue.Release(1, item[0].Size);
            }
        }
    }

    /// <summary>Writes nothing, and keeps who writes one event waiting until it is disposed of.</summary>
    private sealed class StuckLogger(int id) : ILogger, IDisposable
    {
        private readonly ManualResetEventSlim _release = new();
        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Entered => _entered.Task;

        public void Dispose() => _release.Set();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id != id)
                return;

            _entered.TrySetResult();
            _release.Wait(CancellationToken.None);
        }
    }

    private static int[] Ids(Pipeline pipeline) => [.. pipeline.Logger.Collector.GetSnapshot().Select(record => record.Id.Id)];

    private static Task Ignore(NotificationContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
