using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using PgListener.Session;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>Which consumers the thread that reads runs between two reads, and what happens when one of them does not return.</summary>
public sealed class ReadingTurnTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [ThreadStatic]
    private static bool _isServing;

    private readonly FakeTimeProvider _time = new();
    private readonly SemaphoreSlim _goneOn = new(0);
    private readonly RoutingKit _routing = new();
    private readonly WakeUps _wakeUps = new();
    private readonly ReadingTurn _turn;
    private readonly SubscriptionContext _context = new(
        new(), new(TimeProvider.System), new(), _ => throw new NotSupportedException(), TimeProvider.System, NullLogger.Instance);

    public ReadingTurnTests()
    {
        _turn = new(() => _goneOn.Release(), _time);
        _routing.Difference.BeginSession();
        _wakeUps.Hold();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _turn.Dispose();
        _goneOn.Dispose();
    }

    [Fact]
    public async Task Quick_consumers_run_on_the_thread_that_reads()
    {
        var (first, second) = (new Consumer(Open("a")), new Consumer(Open("b")));
        await ServeAsync("a", "b");
        Assert.Equal([true, true], [first.RanHere, second.RanHere]);
    }

    [Fact]
    public async Task A_consumer_that_blocks_keeps_its_thread_and_another_one_goes_on_reading()
    {
        using var release = new ManualResetEventSlim();
        using var blocks = new ManualResetEventSlim();
        var patient = new Consumer(Open("a"));
        var blocking = new Consumer(Open("b"))
        {
            Work = () =>
            {
                blocks.Set();
                release.Wait(Cancellation);
            },
        };
        var stillReads = ServeAsync("a", "b");
        Assert.True(blocks.Wait(Limit, Cancellation));
        Assert.Equal(0, _goneOn.CurrentCount);
        _time.Advance(2 * ReadingTurn.Moment);
        Assert.True(await _goneOn.WaitAsync(Limit, Cancellation));

        // The thread that goes on serves those who were left.
        Assert.True(await Task.Run(() => Serve(_turn), Cancellation));
        await patient.Ran.WaitAsync(Limit, Cancellation);

        release.Set();
        Assert.False(await stillReads.WaitAsync(Limit, Cancellation));
        Assert.Equal(0, _goneOn.CurrentCount);
    }

    [Fact]
    public async Task A_consumer_that_was_slow_twice_runs_on_other_threads_the_longer_the_more_often_it_was()
    {
        var consumer = new Consumer(Open("a")) { Work = BeSlow };
        Assert.Equal(0, await CountElsewhereAsync());
        var elsewhere = new List<int>();
        for (var time = 0; time < 8; time++)
            elsewhere.Add(await CountElsewhereAsync());
        Assert.Equal([0, 1, 2, 4, 8, 16, 32, 64], elsewhere);

        consumer.Work = null;
        Assert.Equal(64, await CountElsewhereAsync());
        consumer.Work = BeSlow;
        Assert.Equal(0, await CountElsewhereAsync());
        Assert.Equal(0, await CountElsewhereAsync());
        Assert.Equal(1, await CountElsewhereAsync());

        void BeSlow() => _time.Advance(TimeSpan.FromMilliseconds(5));

        Task<int> CountElsewhereAsync() => this.CountElsewhereAsync(consumer, "a");
    }

    [Fact]
    public async Task A_consumer_that_was_slow_is_tried_again_after_a_second_and_stays_if_it_is_quick()
    {
        var consumer = new Consumer(Open("a")) { Work = () => _time.Advance(TimeSpan.FromMilliseconds(5)) };
        for (var time = 0; time < 8; time++)
            await CountElsewhereAsync(consumer, "a");

        consumer.Work = null;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, await CountElsewhereAsync(consumer, "a"));
        Assert.Equal(0, await CountElsewhereAsync(consumer, "a"));
    }

    [Fact]
    public async Task In_a_second_one_consumer_that_was_slow_is_tried_again()
    {
        string[] channels = ["a", "b"];
        var consumers = Array.ConvertAll(channels, channel => new Consumer(Open(channel)));
        foreach (var (channel, consumer) in channels.Zip(consumers))
        {
            consumer.Work = () => _time.Advance(TimeSpan.FromMilliseconds(5));
            for (var time = 0; time < 4; time++)
                await CountElsewhereAsync(consumer, channel);
            consumer.Work = null;
            consumer.Again();
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        await ServeAsync(channels);
        await Task.WhenAll(consumers.Select(consumer => consumer.Ran)).WaitAsync(Limit, Cancellation);
        Assert.Single(consumers, consumer => consumer.RanHere);
    }

    [Fact]
    public async Task A_thread_that_does_not_belong_to_the_pool_runs_no_consumer()
    {
        var consumer = new Consumer(Open("a"));
        Deliver("a");
        var thread = new Thread(() => Serve(_turn));
        thread.Start();
        thread.Join();
        await consumer.Ran.WaitAsync(Limit, Cancellation);
        Assert.False(consumer.RanHere);
    }

    [Fact]
    public async Task The_clock_is_left_alone_when_no_consumer_is_run()
    {
        var rung = 0;
        using var turn = new ReadingTurn(static () => { }, new HookedTime(_time, () => rung++));
        var consumer = new Consumer(Open("a"));
        for (var burst = 0; burst < 2; burst++)
        {
            Deliver("a");
            await Task.Run(() => Serve(turn), Cancellation);
            await consumer.Ran.WaitAsync(Limit, Cancellation);
            consumer.Again();
            for (var i = 0; i < 10; i++)
                _time.Advance(ReadingTurn.Moment);
            Assert.InRange(rung, 1 + burst, 3 * (1 + burst));
        }
    }

    /// <summary>Wakes a consumer until it runs on the thread that reads.</summary>
    /// <returns>How often it ran on another thread before.</returns>
    private async Task<int> CountElsewhereAsync(Consumer consumer, string channel)
    {
        for (var count = 0; ; count++)
        {
            consumer.Again();
            Assert.True(await ServeAsync(channel));
            await consumer.Ran.WaitAsync(Limit, Cancellation);
            if (consumer.RanHere)
                return count;
        }
    }

    private async Task<bool> ServeAsync(params string[] channels)
    {
        foreach (var channel in channels)
            Deliver(channel);
        return await Task.Run(() => Serve(_turn), Cancellation);
    }

    private bool Serve(ReadingTurn turn)
    {
        _isServing = true;
        try
        {
            return turn.TryServe(_wakeUps);
        }
        finally
        {
            _isServing = false;
        }
    }

    private void Deliver(string channel) => _routing.Deliver(channel, "payload", _wakeUps);

    private SubscriptionQueue Open(string channel)
    {
        var subscription = new Subscription(channel, callback: null, new(), _context);
        subscription.Begin(isPaused: false, CancellationToken.None);
        var queue = subscription.Queue!;
        _ = _routing.Table.Add(subscription);
        _routing.Agree();
        return queue;
    }

    /// <summary>Takes what is in a queue, as often as it is woken.</summary>
    private sealed class Consumer
    {
        private readonly SubscriptionQueue _queue;
        private readonly QueueItem[] _items = new QueueItem[64];
        private volatile TaskCompletionSource _ran = New();

        public Consumer(SubscriptionQueue queue)
        {
            _queue = queue;
            Wait();
        }

        public Action? Work { get; set; }

        /// <summary>Whether it last ran on the thread that reads.</summary>
        public bool RanHere { get; private set; }

        /// <summary>Completes when it has run and waits again.</summary>
        public Task Ran => _ran.Task;

        public void Again() => _ran = New();

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

        [SuppressMessage("Reliability", "CA2012", Justification = "Consumed once, by the callback.")]
        private void Wait()
        {
            var wait = _queue.WaitToReadAsync().GetAwaiter();
            Assert.False(wait.IsCompleted);
            wait.UnsafeOnCompleted(() =>
            {
                Assert.True(wait.GetResult());
                RanHere = _isServing;
                _queue.Take(_items);
                Work?.Invoke();
                var ran = _ran;
                Wait();
                ran.TrySetResult();
            });
        }
    }
}
