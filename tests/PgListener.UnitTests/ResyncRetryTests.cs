using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Testing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>A subscription that cannot read again what it may have missed is called again until it can.</summary>
public sealed class ResyncRetryTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly SignallingTime _time = new();
    private readonly FakeLogger _logger = new();
    private readonly SubscriptionContext _context;
    private readonly Backpressure _backpressure;
    private readonly ConcurrentQueue<string> _calls = [];
    private readonly ConcurrentQueue<Resync> _gaps = [];
    private readonly SemaphoreSlim _called = new(0);
    private readonly CancellationTokenSource _abort = new();
    private volatile bool _isDown = true;
    private Subscription? _subscription;

    public ResyncRetryTests()
    {
        _backpressure = new(_time);
        _context = new(new(), _backpressure, new(), _ => throw new NotSupportedException(), _time, _logger) { Random = static () => 0.5 };
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_subscription is not null)
            await _subscription.EndAsync(discard: true).WaitAsync(Limit, CancellationToken.None);
        _called.Dispose();
        _abort.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task It_is_called_again_with_growing_waits_and_its_notifications_wait(int maxConcurrency)
    {
        var queue = Begin(new() { MaxConcurrency = maxConcurrency });
        queue.EnqueueGap(ResyncReason.Started, since: null);
        Send("1");
        Send("2");
        var waits = new List<TimeSpan>();
        for (var i = 0; i < 12; i++)
        {
            await NextCallAsync();
            waits.Add(await NextWaitAsync());
            Assert.Equal((i + 1, "System.InvalidOperationException"), (_subscription!.Statistics.ResyncFailure!.Attempts, _subscription.Statistics.ResyncFailure.ErrorType));
            _isDown = i < 11;
            _time.Advance(waits[i]);
        }

        for (var i = 0; i < 3; i++)
            await NextCallAsync();
        Assert.Equal(75, waits[0].TotalMilliseconds);
        Assert.All(waits.Zip(waits.Skip(1)), pair => Assert.InRange(pair.Second / pair.First, 1, 2));
        Assert.Equal(22.5, waits[^1].TotalSeconds);
        Assert.Equal([.. Enumerable.Repeat("gap", 13), "1", "2"], maxConcurrency == 1 ? _calls : _calls.Take(13).Concat(_calls.Skip(13).Order()));
        Assert.Null(_subscription!.Statistics.ResyncFailure);
        await _subscription.EndAsync(discard: false).WaitAsync(Limit, Cancellation);
        Assert.Equal((203, 1), (_logger.Collector.GetSnapshot()[0].Id.Id, _logger.Collector.GetSnapshot().Count(record => record.Exception is not null)));
        Assert.Contains(_logger.Collector.GetSnapshot(), record => record.Id.Id == 206);
    }

    [Fact]
    public async Task A_newer_gap_takes_its_place_at_once_with_the_window_of_both()
    {
        var queue = Begin(new());
        var start = _time.GetUtcNow();
        queue.EnqueueGap(ResyncReason.Reconnected, _time.GetTimestamp());
        await NextCallAsync();
        await NextWaitAsync();
        _isDown = false;
        _time.Advance(TimeSpan.FromMilliseconds(10));
        queue.EnqueueGap(ResyncReason.Reconnected, _time.GetTimestamp());
        Send("1");
        for (var i = 0; i < 2; i++)
            await NextCallAsync();
        Assert.Equal(["gap", "gap", "1"], _calls);
        Assert.Equal((start, start.AddMilliseconds(10)), (_gaps.Last().Since, _gaps.Last().Until));
    }

    [Fact]
    public async Task A_newer_gap_behind_notifications_keeps_its_own_place_and_has_the_call_made_at_once()
    {
        var queue = Begin(new());
        queue.EnqueueGap(ResyncReason.Started, since: null);
        await NextCallAsync();
        await NextWaitAsync();
        Send("1");
        _isDown = false;
        queue.EnqueueGap(ResyncReason.Reconnected, _time.GetTimestamp());
        Send("2");
        for (var i = 0; i < 4; i++)
            await NextCallAsync();
        Assert.Equal(["gap", "gap", "1", "gap", "2"], _calls);
        Assert.Equal([ResyncReason.Started, ResyncReason.Started, ResyncReason.Reconnected], _gaps.Select(gap => gap.Reason));
    }

    [Fact]
    public async Task A_queue_that_fills_meanwhile_overflows_after_its_time_and_tells_of_it_in_its_place()
    {
        var queue = Begin(new() { QueueCapacity = 2, MaxBackpressure = TimeSpan.FromSeconds(5) });
        queue.EnqueueGap(ResyncReason.Started, since: null);
        await NextCallAsync();
        await NextWaitAsync();
        Send("1");
        Send("2");
        var paused = _backpressure.WaitAsync(Cancellation);
        await NextWaitAsync();
        _time.Advance(TimeSpan.FromMilliseconds(75));
        for (var left = TimeSpan.FromSeconds(5) - TimeSpan.FromMilliseconds(75); left > TimeSpan.Zero;)
        {
            await NextCallAsync();
            var wait = await NextWaitAsync();
            _time.Advance(wait < left ? wait : left);
            left -= wait;
        }

        Assert.Equal([queue], await paused.WaitAsync(Limit, Cancellation));
        queue.Overflow();
        Assert.False(_backpressure.IsOn);
        Send("3");
        _isDown = false;
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(SpinWait.SpinUntil(() => _calls.Contains("2") && _calls.Last() == "gap", Limit));
        Assert.Equal(["gap", "1", "2", "gap"], _calls.TakeLast(4));
        Assert.Equal((ResyncReason.Overflow, 1), (_gaps.Last().Reason, _gaps.Last().Dropped));
    }

    [Fact]
    public async Task A_pause_ends_the_wait_and_the_gap_keeps_its_place()
    {
        var queue = Begin(new());
        queue.EnqueueGap(ResyncReason.Started, since: null);
        Send("1");
        await NextCallAsync();
        await NextWaitAsync();
        queue.SetPaused(true);
        _isDown = false;
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["gap"], _calls);
        queue.SetPaused(false);
        await NextCallAsync();
        await NextCallAsync();
        Assert.Equal(["gap", "gap", "1"], _calls);
    }

    [Fact]
    public async Task A_time_limit_is_a_failure_too()
    {
        var queue = Begin(new() { Timeout = TimeSpan.FromSeconds(2) }, hangs: true);
        queue.EnqueueGap(ResyncReason.Started, since: null);
        await NextWaitAsync();
        await NextCallAsync();
        _time.Advance(TimeSpan.FromSeconds(2));
        await NextWaitAsync();
        Assert.Equal("timeout", _subscription!.Statistics.ResyncFailure!.ErrorType);
    }

    private SubscriptionQueue Begin(SubscriptionOptions options, bool hangs = false)
    {
        options.OnResync = async (resync, token) =>
        {
            _gaps.Enqueue(resync);
            _calls.Enqueue("gap");
            _called.Release();
            if (hangs)
                await Task.Delay(Timeout.Infinite, token);
            if (_isDown)
                throw new InvalidOperationException("down");
        };
        _subscription = new(
            "c",
            (context, _) =>
            {
                _calls.Enqueue(context.Payload);
                _called.Release();
                return Task.CompletedTask;
            },
            options,
            _context);
        _subscription.Begin(isPaused: false, _abort.Token);
        return _subscription.Queue!;
    }

    private void Send(string payload) => _subscription!.Queue!.Enqueue("c", payload, 0, new());

    private async Task NextCallAsync() => Assert.True(await _called.WaitAsync(Limit, Cancellation));

    /// <summary>Waits for the next timer that is not one of the log's.</summary>
    private async Task<TimeSpan> NextWaitAsync()
    {
        while (true)
        {
            var wait = await _time.NextWaitAsync(Cancellation).AsTask().WaitAsync(Limit, Cancellation);
            if (wait != PgListener.Telemetry.LogThrottle.Interval)
                return wait;
        }
    }
}
