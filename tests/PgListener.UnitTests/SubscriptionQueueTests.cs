using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

public class SubscriptionQueueTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger _logger = new();
    private readonly Backpressure _backpressure;
    private readonly SubscriptionCounters _counters;

    public SubscriptionQueueTests()
    {
        _backpressure = new(_time);
        _counters = new(_time);
    }

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

    [Fact]
    public void What_is_put_back_one_by_one_in_any_order_goes_to_its_place()
    {
        var queue = Create();
        Add(queue, 1, 2, 3, 4, 5);
        var items = new QueueItem[4];
        queue.Take(items);
        foreach (var i in new[] { 2, 0, 3, 1 })
            queue.PutBack(items.AsSpan(i, 1));
        Add(queue, 6);
        Assert.Equal([Text(1), Text(2), Text(3), Text(4), Text(5), Text(6)], Take(queue, 9));
    }

    [Fact]
    public void A_gap_grows_until_the_consumer_has_dealt_with_all_before_it()
    {
        var queue = Create(capacity: 100, mode: FullQueueMode.Drop);
        Add(queue, [.. Enumerable.Range(0, 200)]);
        var items = new QueueItem[64];
        var taken = 0;
        while (taken < 100)
        {
            var count = queue.Take(items);
            Assert.All(items.Take(count), item => Assert.Null(item.Gap));
            taken += count;
            queue.Release(count, count * Size);
            Add(queue, 0); // There is room again, but the stretch goes on until its gap is reached.
        }

        Assert.Equal(1, queue.Take(items));
        Assert.Equal(102, items[0].Gap!.Dropped);
        Assert.Equal(1, _counters.Gaps);
        Add(queue, 7);
        Assert.Equal([Text(7)], Take(queue, 9));
    }

    [Fact]
    public void It_knows_its_latest_gap_which_grows_while_it_drops_and_when_it_last_dropped()
    {
        var second = TimeSpan.FromSeconds(1);
        var queue = Create(capacity: 1, mode: FullQueueMode.Drop);
        queue.EnqueueGap(ResyncReason.Started, null);
        Take(queue, 1);
        Assert.Equal((0, null, null), (_counters.Gaps, queue.LastGap, _counters.LastDroppedAt));

        Add(queue, 1, 2);
        var full = _time.GetUtcNow();
        _time.Advance(5 * second);
        Assert.Equal((ResyncReason.Overflow, _time.GetUtcNow(), 1), (queue.LastGap!.Reason, queue.LastGap.Until, queue.LastGap.Dropped));
        Assert.Equal(full, _counters.LastDroppedAt);

        Take(queue, 2);
        var end = _time.GetUtcNow();
        _time.Advance(5 * second);
        Assert.Equal(end, queue.LastGap.Until);

        Add(queue, 3);
        queue.EnqueueGap(ResyncReason.Reconnected, _time.GetTimestamp() - (long)(3 * second).TotalSeconds * _time.TimestampFrequency);
        Assert.Equal((ResyncReason.Reconnected, 3 * second, 2), (queue.LastGap.Reason, queue.LastGap.Until - queue.LastGap.Since, _counters.Gaps));
    }

    [Fact]
    public void Its_latest_gap_is_what_is_announced_when_gaps_are_merged()
    {
        var queue = Create(capacity: 1, mode: FullQueueMode.Drop);
        var items = new QueueItem[1];
        queue.EnqueueGap(ResyncReason.Started, null);
        queue.EnqueueGap(ResyncReason.Reconnected, null); // Lost before the handler was told of the start.
        Assert.Equal((ResyncReason.Reconnected, 1), (queue.LastGap?.Reason, _counters.Gaps));

        Assert.Equal(1, queue.Take(items));
        var announced = items[0].Gap!;
        Add(queue, 1, 2, 3);
        Assert.Equal(1, queue.Take(items));
        queue.Release(1, Size);
        Assert.Equal(1, queue.Take(items));
        announced = items[0].Gap!; // Its call fails, and the connection is lost before it is repeated.
        queue.EnqueueGap(ResyncReason.Reconnected, null);
        queue.Absorb(announced);
        Assert.Equal(announced.ToResync(), queue.LastGap);
        Assert.Equal((ResyncReason.Reconnected, 2), (queue.LastGap!.Reason, queue.LastGap.Dropped));
    }

    [Fact]
    public void Overflows_again_and_again_are_one_line_and_then_a_count_now_and_then()
    {
        var queue = Create(capacity: 1, mode: FullQueueMode.Drop);
        for (var i = 0; i < 1000; i++)
        {
            Add(queue, 1, 2);
            Take(queue, 9);
        }

        Assert.Equal(202, Assert.Single(_logger.Collector.GetSnapshot()).Id.Id);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((207, "999"), (_logger.LatestRecord.Id.Id, _logger.LatestRecord.GetStructuredStateValue("Count")));
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(2, _logger.Collector.Count);
    }

    [Fact]
    public void What_must_be_read_while_the_reading_should_pause_is_held_within_bytes()
    {
        const long Bytes = 1000;
        var queue = Create(capacity: 2, bytes: Bytes);
        var most = (int)((Bytes + QueueLimits.LeastOverrun) / Size);
        Add(queue, [.. Enumerable.Repeat(0, most)]);
        Assert.True(_backpressure.IsOn);
        Assert.Empty(_logger.Collector.GetSnapshot());
        Add(queue, 1, 2, 3);
        Assert.Equal(most, queue.Fill.Held);
        Assert.Equal((3, 1), (_counters.Dropped, _counters.Gaps));
        Assert.False(_backpressure.IsOn);
    }

    [Fact]
    public void KeepLatest_replaces_what_was_put_back_only_if_nothing_newer_came()
    {
        var queue = Create(mode: FullQueueMode.KeepLatest);
        foreach (var channel in new[] { "a", "b", "c" })
            queue.Enqueue(channel, $"{channel}1", 0, new());
        var items = new QueueItem[2];
        queue.Take(items);
        queue.Enqueue("a", "a2", 0, new());
        queue.PutBack(items);
        queue.Enqueue("b", "b2", 0, new());
        Assert.Equal(["b2", "c1", "a2"], Take(queue, 9));
        Assert.Equal((5, 3, 2, 0, 0L), (_counters.Received, _counters.Processed, _counters.Replaced, queue.Fill.Held, queue.Fill.HeldBytes));
    }

    [Fact]
    public void KeepLatest_costs_the_same_however_many_channels_are_queued()
    {
        const int Channels = 20_000;
        var queue = Create(mode: FullQueueMode.KeepLatest);
        var names = Enumerable.Range(0, Channels).Select(i => $"channel {i}").ToArray();
        var wakeUps = new WakeUps();
        foreach (var name in names)
            queue.Enqueue(name, "1", 0, wakeUps);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (var round = 0; round < 10; round++)
        {
            foreach (var name in names)
                queue.Enqueue(name, "2", 0, wakeUps);
        }

        // A search through the queue takes 100 µs and more for each, so 20 s and more for all of them.
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(Channels, queue.Fill.Held);
    }

    [Fact]
    public void A_clock_that_is_set_back_turns_no_gap_around()
    {
        var time = new SteppingTime();
        var context = new SubscriptionContext(new(), new(time), new(), _ => throw new NotSupportedException(), time, _logger);
        var queue = new SubscriptionQueue("c", new(1, 1_000_000, FullQueueMode.Drop, TimeSpan.Zero), new(time), new("test", "c", hearsGaps: true, context.Logger, context.Time), context);
        context.LastGood.Prove(time.GetTimestamp());
        time.Pass(TimeSpan.FromSeconds(10));
        time.Offset = TimeSpan.FromHours(-1);
        queue.EnqueueGap(ResyncReason.Reconnected, context.LastGood.Timestamp);
        var items = new QueueItem[1];
        queue.Take(items);
        var gap = items[0].Gap!.ToResync();
        Assert.Equal((time.GetUtcNow(), TimeSpan.FromSeconds(10)), (gap.Until, gap.Until - gap.Since));

        Add(queue, 1, 2);
        time.Offset = TimeSpan.FromHours(-2);
        time.Pass(TimeSpan.FromSeconds(5));
        queue.Take(items);
        queue.Release(1, Size);
        queue.Take(items);
        gap = items[0].Gap!.ToResync();
        Assert.Equal((time.GetUtcNow(), TimeSpan.FromSeconds(15)), (gap.Until, gap.Until - gap.Since));
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
        return new("c", new(capacity, bytes, mode, maxBackpressure ?? TimeSpan.FromSeconds(30)), _counters, new("test", "c", hearsGaps: true, context.Logger, context.Time), context);
    }
}
