using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>One call of several that may run beside each other, step by step.</summary>
public sealed class ConcurrentCallsTests
{
    [Fact]
    public async Task A_call_that_has_not_begun_when_calls_are_cancelled_is_not_made()
    {
        var time = new FakeTimeProvider();
        var context = new SubscriptionContext(new(), new(time), new(), _ => throw new NotSupportedException(), time, new FakeLogger());
        var counters = new SubscriptionCounters(time);
        var log = new SubscriptionLog("S", "c", hearsGaps: false, context.Logger, context.Time);
        var queue = new SubscriptionQueue("c", QueueLimits.From(new(), new(), isReader: false), counters, log, context);
        var slots = new CallSlots(2);
        var called = 0;
        var calls = new CallbackCalls(
            "S",
            "c",
            (_, _) =>
            {
                Interlocked.Increment(ref called);
                return Task.CompletedTask;
            },
            counters,
            log,
            context);
        queue.Enqueue("c", "1", 0, new());

        // As in a pump that has looked whether calls are cancelled a moment before they were.
        await new ConcurrentCalls(queue, calls, slots).BeginOneAsync(static () => new() { MaxConcurrency = 2 }, new CancellationToken(canceled: true));
        await slots.WhenIdleAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), (called, counters.Processed));
        Assert.Equal(1, queue.Complete(discard: true));
    }
}
