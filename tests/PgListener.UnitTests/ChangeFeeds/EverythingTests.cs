using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests.ChangeFeeds;

/// <summary>A notification that says that anything may have changed becomes a gap in its place, in which nothing was missed.</summary>
public class EverythingTests
{
    private const string All = "all";

    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger _logger = new();
    private readonly SubscriptionCounters _counters;

    public EverythingTests() => _counters = new(_time);

    [Fact]
    public void It_keeps_its_place_and_is_no_loss()
    {
        var queue = Create();
        Add(queue, "1", All, All, "2", All);
        Assert.Equal(["1", "Everything", "2", "Everything"], Take(queue));
        Assert.Equal((5L, 5L, 0L, null), (_counters.Received, _counters.Processed, _counters.Gaps, queue.LastGap));
        Assert.Equal((0, 0L), (queue.Fill.Held, queue.Fill.HeldBytes));
    }

    [Fact]
    public void Its_window_is_empty()
    {
        var queue = Create();
        Add(queue, All);
        var items = new QueueItem[1];
        queue.Take(items);
        var gap = items[0].Gap!.ToResync();
        Assert.Equal((gap.Until, 0L), (gap.Since, gap.Dropped));
    }

    [Fact]
    public void A_loss_next_to_it_is_not_hidden()
    {
        var queue = Create();
        queue.EnqueueGap(ResyncReason.Reconnected, null);
        Add(queue, All, "1", All);
        queue.EnqueueGap(ResyncReason.Reconnected, null);
        Assert.Equal(["Reconnected", "1", "Reconnected"], Take(queue));
        Assert.Equal((2L, ResyncReason.Reconnected), (_counters.Gaps, queue.LastGap?.Reason));
    }

    [Fact]
    public void While_notifications_are_dropped_the_gap_of_the_overflow_has_it()
    {
        var queue = Create(capacity: 1);
        Add(queue, "1", "2", All, "3");
        Assert.Equal(["1", "Overflow"], Take(queue));
        Assert.Equal(2L, _counters.Dropped);
    }

    [Fact]
    public async Task It_wakes_the_consumer()
    {
        var queue = Create();
        var wait = queue.WaitToReadAsync();
        Assert.False(wait.IsCompleted);
        Add(queue, All);
        Assert.True(await wait);
    }

    [Fact]
    public void A_consumer_that_does_not_hear_of_gaps_is_named_once_and_then_counted()
    {
        var queue = Create(hearsGaps: false);
        Add(queue, All, "1", All);
        Assert.Equal(["1"], Take(queue));
        Assert.Equal([720], _logger.Collector.GetSnapshot().Select(record => record.Id.Id));
    }

    private SubscriptionQueue Create(int capacity = 1000, bool hearsGaps = true)
    {
        var context = new SubscriptionContext(new(), new(_time), new(), _ => throw new NotSupportedException(), _time, _logger);
        return new("c", new(capacity, long.MaxValue, FullQueueMode.Drop, TimeSpan.FromSeconds(30)), _counters, new("test", "c", hearsGaps, context.Logger, context.Time), context)
        {
            MeansEverything = static payload => payload == All,
            HearsGaps = hearsGaps,
        };
    }

    private static void Add(SubscriptionQueue queue, params string[] payloads)
    {
        foreach (var payload in payloads)
            queue.Enqueue("c", payload, 0, new());
    }

    private static List<string> Take(SubscriptionQueue queue)
    {
        var taken = new List<string>();
        var batch = new QueueItem[10];
        while (queue.Take(batch) is > 0 and var count)
        {
            var items = batch.Take(count).ToArray();
            var notifications = items.Where(item => item.Gap is null).ToArray();
            queue.Release(notifications.Length, notifications.Sum(item => item.Size));
            taken.AddRange(items.Select(item => item.Gap?.ToResync().Reason.ToString() ?? (string)item.Content));
        }

        return taken;
    }
}
