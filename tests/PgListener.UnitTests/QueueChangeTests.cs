using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>Limits of a queue that change while it holds something.</summary>
public class QueueChangeTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger _logger = new();
    private readonly Backpressure _backpressure;

    public QueueChangeTests() => _backpressure = new(_time);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task More_room_lets_the_reading_go_on_at_once()
    {
        var queue = Create(new(2, Bytes, FullQueueMode.Wait, TimeSpan.FromSeconds(30)));
        Add(queue, 2);
        var wait = _backpressure.WaitAsync(Cancellation);
        queue.Change(new(3, Bytes, FullQueueMode.Wait, TimeSpan.FromSeconds(30)));
        Assert.False(_backpressure.IsOn);
        Assert.Empty(await wait);
        Add(queue, 1);
        Assert.True(_backpressure.IsOn);
    }

    [Fact]
    public void Less_room_holds_up_the_reading_and_drops_nothing()
    {
        var queue = Create(new(100, Bytes, FullQueueMode.Wait, TimeSpan.FromSeconds(30)));
        Add(queue, 50);
        queue.Change(new(2, 1, FullQueueMode.Wait, TimeSpan.FromSeconds(30)));
        Add(queue, 1);
        Assert.True(_backpressure.IsOn);
        Assert.Equal(51, queue.Take(new QueueItem[99]));

        queue.Release(51, 51 * Size);
        Assert.False(_backpressure.IsOn);
        Add(queue, 3); // More than it may hold: what is read before the reading pauses is held all the same.
        Assert.Equal(3, queue.Take(new QueueItem[99]));
        Assert.Empty(_logger.Collector.GetSnapshot());
    }

    [Fact]
    public void Another_mode_holds_from_the_next_notification_on()
    {
        var queue = Create(new(2, Bytes, FullQueueMode.Wait, TimeSpan.FromSeconds(30)));
        Add(queue, 2);
        Assert.True(_backpressure.IsOn);
        queue.Change(new(2, Bytes, FullQueueMode.KeepLatest, TimeSpan.FromSeconds(30)));
        Assert.False(_backpressure.IsOn);
        Add(queue, 5);
        Assert.Equal(2, queue.Take(new QueueItem[99]));
        queue.Release(2, 2 * Size);

        queue.Change(new(2, Bytes, FullQueueMode.Drop, TimeSpan.FromSeconds(30)));
        Add(queue, 5);
        var items = TakeAll(queue);
        Assert.Equal(3, items.Length);
        Assert.Equal(3, items[2].Gap!.Dropped);
        queue.Release(2, 2 * Size);

        queue.Change(new(2, Bytes, FullQueueMode.Wait, TimeSpan.FromSeconds(30)));
        Add(queue, 3);
        Assert.True(_backpressure.IsOn);
        Assert.Equal(3, queue.Take(new QueueItem[99]));
    }

    [Fact]
    public async Task A_shorter_time_to_hold_up_the_reading_ends_a_longer_wait()
    {
        var queue = Create(new(1, Bytes, FullQueueMode.Wait, TimeSpan.FromSeconds(30)));
        Add(queue, 1);
        var wait = _backpressure.WaitAsync(Cancellation);
        queue.Change(new(1, Bytes, FullQueueMode.Wait, TimeSpan.FromSeconds(2)));
        Assert.Empty(await wait.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
        Assert.Empty(await _backpressure.WaitAsync(Cancellation)); // An interruption is remembered if no wait is in progress.
        wait = _backpressure.WaitAsync(Cancellation);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([queue], await wait.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
    }

    [Fact]
    public void As_many_bytes_as_can_be_counted_are_no_limit()
    {
        var queue = Create(new(10, long.MaxValue, FullQueueMode.Wait, TimeSpan.FromSeconds(30)));
        Add(queue, 3);
        queue.Change(new(10, long.MaxValue, FullQueueMode.Wait, TimeSpan.FromSeconds(1)));
        Add(queue, 3);
        Assert.Equal(6, queue.Take(new QueueItem[99]));
        Assert.Empty(_logger.Collector.GetSnapshot());
    }

    private const long Bytes = 1_000_000;

    private static readonly long Size = QueueItem.SizeOf("p");

    private static void Add(SubscriptionQueue queue, int count)
    {
        for (var i = 0; i < count; i++)
            queue.Enqueue("c", "p", 0, new());
    }

    private static QueueItem[] TakeAll(SubscriptionQueue queue)
    {
        var items = new List<QueueItem>();
        var batch = new QueueItem[99];
        while (queue.Take(batch) is > 0 and var taken)
            items.AddRange(batch.Take(taken));
        return [.. items];
    }

    private SubscriptionQueue Create(QueueLimits limits)
    {
        var context = new SubscriptionContext(new(), _backpressure, new(), _ => throw new NotSupportedException(), _time, _logger);
        return new("c", limits, new(_time), new("test", "c", hearsGaps: true, context.Logger, context.Time), context);
    }
}
