using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>A call that has ended in time leaves its time limit and its token to the next one, which does not notice.</summary>
public sealed class CallLimitTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger _logger = new();
    private readonly CountingTime _clock;
    private readonly CancellationTokenSource _abort = new();
    private readonly SubscriptionLog _log;
    private readonly CallLimits _limits;

    public CallLimitTests()
    {
        _clock = new(_time);
        _log = new("S", "a", hearsGaps: false, _logger, _clock);
        _limits = new(_log, _clock);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _limits.Dispose();
        _log.Dispose();
        _abort.Dispose();
    }

    [Fact]
    public void The_next_call_has_its_whole_time()
    {
        var first = Begin();
        _time.Advance(TimeSpan.FromSeconds(3));
        first.Dispose();
        var second = Begin();
        Assert.Same(first, second);
        _time.Advance(TimeSpan.FromSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(3) - Tick);
        Assert.Equal((false, false), (second.IsOver, second.Token.IsCancellationRequested));
        _time.Advance(Tick);
        Assert.Equal((true, true), (second.IsOver, second.Token.IsCancellationRequested));
        second.Dispose();
    }

    [Fact]
    public void A_call_after_a_long_silence_has_its_whole_time()
    {
        Begin().Dispose();
        _time.Advance(TimeSpan.FromHours(1));
        var call = Begin();
        _time.Advance(Timeout - Tick);
        Assert.False(call.IsOver);
        _time.Advance(Tick);
        Assert.True(call.IsOver);
        call.Dispose();
    }

    [Fact]
    public void What_a_call_has_left_registered_on_its_token_does_not_hear_of_the_next_call()
    {
        var heard = 0;
        var first = Begin();
        var token = first.Token;
        token.Register(() => heard++);
        first.Dispose();
        var second = Begin();
        Assert.Equal(token, second.Token);
        second.Token.Register(() => heard += 10);
        _time.Advance(Timeout);
        Assert.Equal(10, heard);
        second.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_token_that_was_cancelled_is_not_used_again(bool byTheStop)
    {
        var first = Begin();
        var token = first.Token;
        if (byTheStop)
            _abort.Cancel();
        else
            _time.Advance(Timeout);
        Assert.True(token.IsCancellationRequested);
        first.Dispose();
        using var other = new CancellationTokenSource();
        var second = Begin(byTheStop ? other.Token : null);
        Assert.NotEqual(token, second.Token);
        Assert.False(second.Token.IsCancellationRequested);
        _time.Advance(Timeout);
        Assert.True(second.Token.IsCancellationRequested);
        second.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_stop_cancels_the_token_of_a_later_call(bool isBetweenCalls)
    {
        Begin().Dispose();
        if (isBetweenCalls)
            _abort.Cancel();
        var call = Begin();
        _abort.Cancel();
        Assert.Equal((true, false), (call.Token.IsCancellationRequested, call.IsOver));
        call.Dispose();
    }

    [Fact]
    public void Calls_at_the_same_time_have_tokens_and_times_of_their_own()
    {
        var (first, second) = (Begin(), Begin());
        Assert.NotEqual(first.Token, second.Token);
        second.Dispose();
        _time.Advance(TimeSpan.FromSeconds(1));
        var third = Begin();
        _time.Advance(Timeout - TimeSpan.FromSeconds(1));
        Assert.Equal((true, false), (first.Token.IsCancellationRequested, third.Token.IsCancellationRequested));
        third.Dispose();
        first.Dispose();
    }

    [Fact]
    public void A_call_with_another_time_limit_has_that()
    {
        Begin().Dispose();
        var call = _limits.Begin(TimeSpan.FromSeconds(1), _abort.Token)!;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(call.IsOver);
        call.Dispose();
    }

    [Fact]
    public void Nothing_is_left_of_limits_that_are_disposed_of()
    {
        Begin().Dispose();
        var call = Begin();
        Assert.Equal(1, _clock.Active);
        _limits.Dispose();
        Assert.Equal(1, _clock.Active);
        call.Dispose();
        Assert.Equal(0, _clock.Active);
    }

    [Fact]
    public async Task A_subscription_that_has_ended_has_no_timer()
    {
        var context = new SubscriptionContext(new(), new(_clock), new(), _ => throw new NotSupportedException(), _clock, _logger);
        var subscription = new Subscription("a", (_, _) => Task.CompletedTask, new() { Timeout = Timeout }, context);
        subscription.Begin(isPaused: false, _abort.Token);
        var queue = subscription.Queue!;
        queue.Enqueue("a", "1", 0, new());
        queue.Enqueue("a", "2", 0, new());
        await subscription.EndAsync(discard: false).WaitAsync(Limit, Cancellation);
        Assert.Equal((2, 1, 0), (subscription.Statistics.Processed, _clock.Created, _clock.Active));
    }

    /// <summary>While the timer is about to decide that the time of a call is over, that call ends.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_timer_that_is_late_does_not_take_the_next_call_for_the_one_before(bool beginsAtOnce)
    {
        var first = Begin();
        CallLimit? next = null;
        _clock.OnNextTimestamp = () =>
        {
            first.Dispose();
            next = beginsAtOnce ? Begin() : null;
        };
        _time.Advance(Timeout);
        next ??= Begin();
        Assert.Same(first, next);
        Assert.Equal((false, false), (next.IsOver, next.Token.IsCancellationRequested));
        _time.Advance(Timeout - Tick);
        Assert.False(next.IsOver);
        _time.Advance(Tick);
        Assert.True(next.IsOver);
        next.Dispose();
    }

    private CallLimit Begin(CancellationToken? abort = null) => _limits.Begin(Timeout, abort ?? _abort.Token)!;

    private sealed class CountingTime(TimeProvider inner) : TimeProvider
    {
        private int _created;
        private int _disposed;

        /// <summary>Called once, when the time is asked for next.</summary>
        public Action? OnNextTimestamp { get; set; }

        public int Created => _created;

        public int Active => _created - _disposed;

        public override long TimestampFrequency => inner.TimestampFrequency;

        public override long GetTimestamp()
        {
            var next = OnNextTimestamp;
            OnNextTimestamp = null;
            next?.Invoke();
            return inner.GetTimestamp();
        }

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Increment(ref _created);
            return new Timer(this, inner.CreateTimer(callback, state, dueTime, period));
        }

        private sealed class Timer(CountingTime time, ITimer inner) : ITimer
        {
            private int _isDisposed;

            public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(dueTime, period);

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
                    Interlocked.Increment(ref time._disposed);
                inner.Dispose();
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
