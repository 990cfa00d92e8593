namespace PgListener.UnitTests;

/// <summary>A subscription to which nothing was sent yet.</summary>
public sealed class SilentSubscriptionTests : IDisposable
{
    private readonly Pipeline _pipeline = new();
    private readonly SemaphoreSlim _called = new(0);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _pipeline.Dispose();
        _called.Dispose();
    }

    [Fact]
    public void A_run_costs_it_no_memory()
    {
        var subscription = _pipeline.Subscribe("c", Count, new());
        var abort = Cancellation;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var run = 0; run < 100; run++)
            subscription.Begin(isPaused: true, abort);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Its_first_notification_waits_until_callbacks_are_called(bool isSentBefore)
    {
        var subscription = _pipeline.Subscribe("c", Count, new(), isPaused: true);
        if (isSentBefore)
        {
            _pipeline.Deliver("c", "1");
            Assert.Equal(1, subscription.Statistics.Queued);
            Assert.Equal(0, _called.CurrentCount);
        }

        subscription.SetPaused(false);
        if (!isSentBefore)
            _pipeline.Deliver("c", "1");
        Assert.True(await _called.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
    }

    [Fact]
    public async Task Its_first_notification_is_handled_with_the_settings_that_were_changed_before()
    {
        var subscription = _pipeline.Subscribe("c", Count, new(), isPaused: true);
        subscription.Change(new() { QueueCapacity = 2, FullQueueMode = FullQueueMode.Drop });
        _pipeline.Deliver("c", "1", "2", "3");
        Assert.Equal((2, 1), (subscription.Statistics.Queued, subscription.Statistics.Dropped));
        subscription.SetPaused(false);
        await Pipeline.EndAsync(subscription);
        Assert.Equal(2, _called.CurrentCount);
    }

    [Fact]
    public async Task Once_it_has_ended_nothing_more_begins_for_it()
    {
        var subscription = _pipeline.Subscribe("c", Count, new());
        await Pipeline.EndAsync(subscription);
        _pipeline.Deliver("c", "1");
        Assert.Null(subscription.Queue);
        Assert.True(subscription.HasEnded);
        Assert.Equal(0, subscription.Statistics.Received);
    }

    private Task Count(NotificationContext context, CancellationToken cancellationToken)
    {
        _called.Release();
        return Task.CompletedTask;
    }
}
