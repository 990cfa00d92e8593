using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

public class SubscriptionQueueTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger _logger = new();
    private readonly Backpressure _backpressure;
    private readonly SubscriptionCounters _counters = new();

    public SubscriptionQueueTests() => _backpressure = new(_time);

    [Fact]
    public void Keeps_the_order_while_it_grows_and_wraps_around()
    {
        var queue = Create(capacity: 10_000);
        var taken = new List<string>();
        for (var i = 0; i < 1000; i++)
        {
            Add(queue, i);
            if (i % 3 == 0)
                taken.AddRange(Take(queue, 2));
        }

        taken.AddRange(Take(queue, 1000));
        Assert.Equal(Enumerable.Range(0, 1000).Select(Text), taken);
    }

    [Fact]
    public async Task Wakes_the_consumer_for_a_notification_a_gap_and_the_end()
    {
        var queue = Create();
        foreach (var act in new Action[] { () => Add(queue, 1), () => queue.EnqueueGap(ResyncReason.Reconnected, null) })
        {
            var wait = queue.WaitToReadAsync();
            Assert.False(wait.IsCompleted);
            act();
            Assert.True(await wait);
            Take(queue, 1);
        }

        var last = queue.WaitToReadAsync();
        Assert.False(last.IsCompleted);
        queue.Complete(discard: false);
        Assert.False(await last);
    }

    [Fact]
    public async Task Ends_a_wait_that_is_cancelled_and_every_later_one()
    {
        var queue = Create();
        var wait = queue.WaitToReadAsync();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        queue.CancelWait(cancelled.Token);
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await wait);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await queue.WaitToReadAsync());
    }

    [Fact]
    public void Holds_up_the_reading_from_full_until_half_empty()
    {
        var queue = Create(capacity: 4);
        Add(queue, 1, 2, 3);
        Assert.False(_backpressure.IsOn);
        Add(queue, 4);
        Assert.True(_backpressure.IsOn);

        // What is taken still counts until it is released.
        Take(queue, 3, release: false);
        Assert.True(_backpressure.IsOn);
        queue.Release(1, Size);
        Assert.True(_backpressure.IsOn);
        queue.Release(1, Size);
        Assert.False(_backpressure.IsOn);
    }

    [Fact]
    public void Counts_bytes_as_well_as_notifications()
    {
        var queue = Create(bytes: 3 * Size);
        Add(queue, 1, 2);
        Assert.False(_backpressure.IsOn);
        Add(queue, 3);
        Assert.True(_backpressure.IsOn);
    }

    [Fact]
    public void Takes_a_single_notification_that_is_larger_than_the_bytes_allowed()
    {
        var queue = Create(bytes: 1, mode: FullQueueMode.Drop);
        Add(queue, 1, 2);
        Assert.Equal([Text(1), "gap: Overflow, 1 dropped"], Take(queue, 9));
    }

    [Fact]
    public async Task Overflows_when_it_held_up_the_reading_for_too_long()
    {
        var queue = Create(capacity: 2, maxBackpressure: TimeSpan.FromSeconds(30));
        Add(queue, 1, 2);

        var wait = _backpressure.WaitAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(wait.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([queue], await wait);

        queue.Overflow();
        Assert.False(_backpressure.IsOn);
        Assert.Equal(202, _logger.LatestRecord.Id.Id);
        Add(queue, 3, 4);
        Assert.Equal([Text(1), Text(2)], Take(queue, 2));
        Add(queue, 5);
        Assert.Equal(["gap: Overflow, 3 dropped"], Take(queue, 1));

        // Caught up: what follows the gap is delivered again.
        Add(queue, 6);
        Assert.Equal([Text(6)], Take(queue, 9));
    }

    [Fact]
    public async Task A_queue_with_room_again_ends_the_wait_of_the_reader()
    {
        var queue = Create(capacity: 2);
        Add(queue, 1, 2);
        var wait = _backpressure.WaitAsync(CancellationToken.None);
        Take(queue, 2);
        Assert.Empty(await wait);
    }

    [Fact]
    public async Task A_wish_interrupts_the_wait_even_if_it_came_just_before()
    {
        var queue = Create(capacity: 1);
        Add(queue, 1);
        _backpressure.Interrupt();
        Assert.Empty(await _backpressure.WaitAsync(CancellationToken.None));

        var wait = _backpressure.WaitAsync(CancellationToken.None);
        Assert.False(wait.IsCompleted);
        _backpressure.Interrupt();
        Assert.Empty(await wait);
    }

    [Fact]
    public void Drop_mode_drops_the_newest_and_says_how_many_in_their_place()
    {
        var queue = Create(capacity: 2, mode: FullQueueMode.Drop);
        Add(queue, 1, 2, 3, 4);
        Assert.False(_backpressure.IsOn);
        Assert.Equal([Text(1), Text(2), "gap: Overflow, 2 dropped"], Take(queue, 9));
        Add(queue, 5);
        Assert.Equal([Text(5)], Take(queue, 9));
    }

    [Fact]
    public void KeepLatest_mode_replaces_the_queued_one_of_the_same_channel()
    {
        var queue = Create(capacity: 100, mode: FullQueueMode.KeepLatest);
        queue.Enqueue("a", "1", 0, new());
        queue.Enqueue("b", "2", 0, new());
        queue.Enqueue("a", "3", 0, new());
        Assert.Equal(["3", "2"], Take(queue, 9));
    }

    [Fact]
    public void KeepLatest_mode_never_moves_a_notification_across_a_gap()
    {
        var queue = Create(capacity: 100, mode: FullQueueMode.KeepLatest);
        queue.Enqueue("a", "1", 0, new());
        queue.EnqueueGap(ResyncReason.Reconnected, null);
        queue.Enqueue("a", "2", 0, new());
        queue.Enqueue("a", "3", 0, new());
        Assert.Equal(["1", "gap: Reconnected, 0 dropped", "3"], Take(queue, 9));
    }

    [Fact]
    public async Task The_time_a_queue_may_hold_up_runs_on_until_the_reader_has_caught_up()
    {
        var queue = Create(capacity: 2, maxBackpressure: TimeSpan.FromSeconds(30));
        for (var i = 0; i < 3; i++)
        {
            Add(queue, 1, 2);
            Assert.True(_backpressure.IsOn);
            var paused = _backpressure.WaitAsync(CancellationToken.None);
            _time.Advance(TimeSpan.FromSeconds(9));
            Take(queue, 2);
            Assert.False(_backpressure.IsOn);
            Assert.Empty(await paused);
        }

        Add(queue, 1, 2);
        var last = _backpressure.WaitAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal([queue], await last);

        Take(queue, 2);
        _backpressure.CaughtUp();
        Add(queue, 1, 2);
        var wait = _backpressure.WaitAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(wait.IsCompleted);
        Take(queue, 2);
        Assert.Empty(await wait);
    }

    [Fact]
    public void Gaps_with_nothing_between_are_one_with_the_window_of_all()
    {
        var queue = Create();
        var start = _time.GetUtcNow();
        var stamp = _time.GetTimestamp();
        queue.EnqueueGap(ResyncReason.Reconnected, stamp);
        _time.Advance(TimeSpan.FromMinutes(1));
        queue.EnqueueGap(ResyncReason.Reconnected, stamp + 30 * _time.TimestampFrequency);
        Add(queue, 1);
        queue.EnqueueGap(ResyncReason.Reconnected, stamp + 60 * _time.TimestampFrequency);

        var items = new QueueItem[9];
        Assert.Equal(1, queue.Take(items));
        var first = items[0].Gap!.ToResync();
        Assert.Equal(start, first.Since);
        Assert.Equal(start.AddMinutes(1), first.Until);
        Assert.Equal(1, queue.Take(items));
        Assert.Equal(Text(1), items[0].Content);
        Assert.Equal(1, queue.Take(items));
        Assert.Equal(start.AddSeconds(60), items[0].Gap!.ToResync().Since);
    }

    [Fact]
    public async Task A_paused_queue_keeps_its_consumer_waiting_and_drops_when_full()
    {
        var queue = Create(capacity: 2);
        queue.SetPaused(true);
        var wait = queue.WaitToReadAsync();
        Add(queue, 1, 2, 3);
        Assert.False(wait.IsCompleted);
        Assert.False(_backpressure.IsOn);

        queue.SetPaused(false);
        Assert.True(await wait);
        Assert.Equal([Text(1), Text(2), "gap: Overflow, 1 dropped"], Take(queue, 9));
    }

    [Fact]
    public void What_was_not_dealt_with_goes_back_to_the_front()
    {
        var queue = Create();
        Add(queue, 1, 2, 3);
        var items = new QueueItem[2];
        queue.Take(items);
        queue.PutBack(items);
        Assert.Equal([Text(1), Text(2), Text(3)], Take(queue, 9));
    }

    [Fact]
    public void A_discarded_queue_takes_nothing_back_and_nothing_in()
    {
        var queue = Create();
        Add(queue, 1, 2, 3);
        var items = new QueueItem[2];
        queue.Take(items);
        Assert.Equal(1, queue.Complete(discard: true));
        Assert.True(queue.IsHalted);
        queue.PutBack(items);
        Add(queue, 4);
        Assert.Empty(Take(queue, 9));
    }

    private static readonly long Size = QueueItem.SizeOf(Text(0));

    private static string Text(int number) => number.ToString("0000", System.Globalization.CultureInfo.InvariantCulture);

    private static void Add(SubscriptionQueue queue, params int[] numbers)
    {
        foreach (var number in numbers)
            queue.Enqueue("c", Text(number), 0, new());
    }

    private static string[] Take(SubscriptionQueue queue, int most, bool release = true)
    {
        var items = new List<QueueItem>();
        var batch = new QueueItem[most];
        while (queue.Take(batch.AsSpan(0, most - items.Count)) is > 0 and var taken)
        {
            var notifications = batch.Take(taken).Where(item => item.Gap is null).ToArray();
            if (release)
                queue.Release(notifications.Length, notifications.Sum(item => item.Size));
            items.AddRange(batch.Take(taken));
        }

        return [.. items.Select(item => item.Gap?.ToResync() is { } gap ? $"gap: {gap.Reason}, {gap.Dropped} dropped" : (string)item.Content)];
    }

    private SubscriptionQueue Create(int capacity = 1000, long bytes = long.MaxValue, FullQueueMode mode = FullQueueMode.Wait, TimeSpan? maxBackpressure = null)
    {
        var context = new SubscriptionContext(new(), _backpressure, new(), _ => throw new NotSupportedException(), _time, _logger);
        return new("c", new(capacity, bytes, mode, maxBackpressure ?? TimeSpan.FromSeconds(30)), _counters, new("test", "c", hearsGaps: true, context), context);
    }
}
