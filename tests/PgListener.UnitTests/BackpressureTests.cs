using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>Each queue answers for the time that the reading was paused while it was full itself, and for no other's.</summary>
public sealed class BackpressureTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly FakeTimeProvider _time = new();
    private readonly Backpressure _backpressure;
    private readonly SubscriptionContext _context;

    public BackpressureTests()
    {
        _backpressure = new(_time);
        _context = new(new(), _backpressure, new(), _ => throw new NotSupportedException(), _time, new FakeLogger());
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_queue_that_is_emptied_at_once_does_not_answer_for_a_neighbour_that_hangs()
    {
        var (hanging, healthy) = (Create(), Create());
        Fill(hanging);
        Fill(healthy);
        Empty(healthy);
        var wait = _backpressure.WaitAsync(Cancellation);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal([hanging], await wait.WaitAsync(Limit, Cancellation));
        hanging.Overflow();

        for (var i = 0; i < 10; i++)
        {
            Fill(healthy);
            wait = _backpressure.WaitAsync(Cancellation);
            _time.Advance(TimeSpan.FromMilliseconds(10));
            Empty(healthy);
            Assert.Empty(await wait.WaitAsync(Limit, Cancellation));
        }
    }

    [Fact]
    public async Task Time_in_which_nothing_is_paused_is_nobodys()
    {
        var queue = Create();
        Fill(queue);
        _time.Advance(TimeSpan.FromMinutes(1)); // The session reads what comes before the answer to a LISTEN.
        var wait = _backpressure.WaitAsync(Cancellation);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(wait.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal([queue], await wait.WaitAsync(Limit, Cancellation));
    }

    [Fact]
    public async Task A_slow_queue_that_is_never_caught_up_with_overflows_after_its_own_time_all_the_same()
    {
        var (slow, other) = (Create(), Create());
        for (var i = 0; i < 4; i++)
        {
            Fill(slow);
            Fill(other);
            Empty(other);
            var paused = _backpressure.WaitAsync(Cancellation);
            _time.Advance(TimeSpan.FromSeconds(1));
            Empty(slow);
            Assert.Empty(await paused.WaitAsync(Limit, Cancellation));
        }

        Fill(slow);
        Fill(other);
        var wait = _backpressure.WaitAsync(Cancellation);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([slow], await wait.WaitAsync(Limit, Cancellation));
    }

    [Fact]
    public async Task Interruptions_do_not_lose_the_time_that_was_paused()
    {
        var queue = Create();
        Fill(queue);
        for (var i = 0; i < 4; i++)
        {
            var paused = _backpressure.WaitAsync(Cancellation);
            _time.Advance(TimeSpan.FromSeconds(1));
            _backpressure.Interrupt();
            Assert.Empty(await paused.WaitAsync(Limit, Cancellation));
            Assert.Empty(await _backpressure.WaitAsync(Cancellation)); // An interruption is remembered.
        }

        var wait = _backpressure.WaitAsync(Cancellation);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([queue], await wait.WaitAsync(Limit, Cancellation));
    }

    private SubscriptionQueue Create()
        => new("c", new(2, 1_000_000, FullQueueMode.Wait, TimeSpan.FromSeconds(5)), new(_time), new("test", "c", hearsGaps: true, _context.Logger, _context.Time), _context);

    private static void Fill(SubscriptionQueue queue)
    {
        queue.Enqueue("c", "p", 0, new());
        queue.Enqueue("c", "p", 0, new());
    }

    private static void Empty(SubscriptionQueue queue)
    {
        var taken = queue.Take(new QueueItem[9]);
        queue.Release(taken, taken * QueueItem.SizeOf("p"));
    }
}
