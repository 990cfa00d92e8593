using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Testing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>
/// A stop gives up a gap whose announcement fails. What stands behind it is not handed over then, and the next start announces it all.
/// </summary>
public sealed class ResyncAtStopTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly SignallingTime _time = new();
    private readonly FakeLogger _logger = new();
    private readonly SubscriptionContext _context;
    private readonly ConcurrentQueue<string> _calls = [];
    private readonly ConcurrentQueue<Resync> _gaps = [];
    private readonly SemaphoreSlim _called = new(0);
    private readonly CancellationTokenSource _abort = new();
    private Subscription _subscription;
    private SubscriptionQueue _queue;
    private volatile Func<CancellationToken, Task> _onCall = static _ => Task.CompletedTask;
    private volatile Func<CancellationToken, Task> _onResync = static _ => throw new InvalidOperationException("down");

    public ResyncAtStopTests()
    {
        _context = new(new(), new(_time), new(), _ => throw new NotSupportedException(), _time, _logger) { Random = static () => 0.5 };
        (_subscription, _queue) = Create(maxConcurrency: 1);
    }

    public static TheoryData<int> Concurrencies => [1, 4];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private int Warnings => _logger.Collector.GetSnapshot().Count(record => record.Id.Id == 302);

    public async ValueTask DisposeAsync()
    {
        await _subscription.EndAsync(discard: true).WaitAsync(Limit, CancellationToken.None);
        _called.Dispose();
        _abort.Dispose();
    }

    [Theory]
    [MemberData(nameof(Concurrencies))]
    public async Task What_waits_behind_a_gap_that_fails_is_discarded_at_a_stop(int maxConcurrency)
    {
        await FailAsync(maxConcurrency);
        Send("1");
        Gap(ResyncReason.Reconnected);
        Send("2");
        await NextCallAsync(); // The newer gap has the call made at once.
        await NextWaitAsync();
        await StopAsync();
        ExpectDiscarded(2, "gap", "gap");
    }

    [Theory]
    [MemberData(nameof(Concurrencies))]
    public async Task A_call_that_fails_after_the_stop_has_begun_is_not_made_again(int maxConcurrency)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var stopping = await StopDuringResyncAsync(maxConcurrency, _ => gate.Task);
        gate.SetException(new InvalidOperationException("down"));
        await stopping.WaitAsync(Limit, Cancellation);
        ExpectDiscarded(1, "gap");
    }

    [Theory]
    [MemberData(nameof(Concurrencies))]
    public async Task A_call_that_succeeds_after_the_stop_has_begun_is_followed_by_what_is_queued(int maxConcurrency)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var stopping = await StopDuringResyncAsync(maxConcurrency, _ => gate.Task);
        gate.SetResult();
        await stopping.WaitAsync(Limit, Cancellation);
        ExpectDiscarded(0, "gap", "1");
    }

    [Theory]
    [MemberData(nameof(Concurrencies))]
    public async Task A_gap_that_is_reached_after_the_stop_has_begun_and_fails_ends_the_handing_over(int maxConcurrency)
    {
        (_subscription, _queue) = Create(maxConcurrency);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _onCall = _ => gate.Task;
        Send("1");
        await NextCallAsync();
        Send("2");
        Gap(ResyncReason.Reconnected);
        Send("3");
        var stopping = _subscription.EndAsync(discard: false);
        gate.SetResult();
        await stopping.WaitAsync(Limit, Cancellation);
        ExpectDiscarded(1, "1", "2", "gap");
    }

    [Theory]
    [MemberData(nameof(Concurrencies))]
    public async Task A_stop_whose_time_runs_out_hands_nothing_over_behind_the_gap(int maxConcurrency)
    {
        var stopping = await StopDuringResyncAsync(maxConcurrency, static token => Task.Delay(Timeout.Infinite, token));
        await _abort.CancelAsync();
        await stopping.WaitAsync(Limit, Cancellation);
        ExpectDiscarded(1, "gap");
    }

    [Theory]
    [MemberData(nameof(Concurrencies))]
    public async Task A_stop_while_callbacks_are_not_called_says_what_it_discards_and_forgets_the_failure(int maxConcurrency)
    {
        await FailAsync(maxConcurrency);
        Send("1");
        _queue.SetPaused(true);
        await _subscription.EndAsync(discard: true).WaitAsync(Limit, Cancellation);
        ExpectDiscarded(1, "gap");
    }

    [Theory]
    [MemberData(nameof(Concurrencies))]
    public async Task Callbacks_that_are_not_called_any_more_during_a_stop_leave_nothing_to_hand_over(int maxConcurrency)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var stopping = await StopDuringResyncAsync(maxConcurrency, _ => gate.Task);
        _queue.SetPaused(true);
        gate.SetException(new InvalidOperationException("down"));
        await stopping.WaitAsync(Limit, Cancellation);
        ExpectDiscarded(1, "gap");
    }

    [Theory]
    [MemberData(nameof(Concurrencies))]
    public async Task One_that_is_disposed_of_while_it_fails_gets_nothing_and_needs_no_word_in_the_log(int maxConcurrency)
    {
        await FailAsync(maxConcurrency);
        Send("1");
        _subscription.Remove();
        await _subscription.EndAsync(discard: true).WaitAsync(Limit, Cancellation);
        Assert.Equal(["gap"], _calls);
        Assert.Equal((1, 0, 0), (_subscription.Counters.Discarded, _subscription.Statistics.Queued, Warnings));
        Assert.Null(_subscription.Statistics.ResyncFailure);
    }

    [Theory]
    [MemberData(nameof(Concurrencies))]
    public async Task The_next_start_begins_with_a_gap_that_covers_the_one_that_was_given_up(int maxConcurrency)
    {
        await FailAsync(maxConcurrency);
        _onResync = static _ => Task.CompletedTask;
        _time.Advance(TimeSpan.FromMilliseconds(75));
        await NextCallAsync();
        _context.LastGood.Prove(_time.GetTimestamp());
        _onResync = static _ => throw new InvalidOperationException("down");
        _subscription.GoLive();
        Send("1");
        await NextCallAsync();
        await NextWaitAsync();
        Assert.NotNull(_gaps.Last().Since);
        await StopAsync();

        _onResync = static _ => Task.CompletedTask;
        _time.Advance(TimeSpan.FromMinutes(1));
        _context.LastGood.Prove(_time.GetTimestamp());
        _calls.Clear();
        _subscription.Begin(isPaused: false, _abort.Token);
        _queue = _subscription.Queue!;
        _subscription.GoLive();
        Send("2");
        await NextCallAsync();
        await NextCallAsync();
        Assert.Equal(["gap", "2"], _calls);
        Assert.Equal((ResyncReason.Started, null), (_gaps.Last().Reason, _gaps.Last().Since));
        Assert.Equal(1, _subscription.Counters.Discarded);
    }

    /// <summary>Begins with a gap whose call has failed, and waits to be called again.</summary>
    private async Task FailAsync(int maxConcurrency)
    {
        (_subscription, _queue) = Create(maxConcurrency);
        _subscription.GoLive();
        await NextCallAsync();
        await NextWaitAsync();
        Assert.NotNull(_subscription.Statistics.ResyncFailure);
    }

    /// <summary>Begins with a gap and a notification behind it, and begins to stop while the gap is being announced.</summary>
    /// <returns>The stop.</returns>
    private async Task<Task> StopDuringResyncAsync(int maxConcurrency, Func<CancellationToken, Task> onResync)
    {
        (_subscription, _queue) = Create(maxConcurrency);
        _onResync = onResync;
        Gap(ResyncReason.Started);
        Send("1");
        await NextCallAsync();
        return _subscription.EndAsync(discard: false);
    }

    private (Subscription Subscription, SubscriptionQueue Queue) Create(int maxConcurrency)
    {
        var options = new SubscriptionOptions
        {
            MaxConcurrency = maxConcurrency,
            OnResync = (resync, token) =>
            {
                _gaps.Enqueue(resync);
                return CallAsync("gap", () => _onResync(token));
            },
        };
        var subscription = new Subscription("c", (context, token) => CallAsync(context.Payload, () => _onCall(token)), options, _context);
        subscription.Begin(isPaused: false, _abort.Token);
        return (subscription, subscription.Queue!);
    }

    private Task CallAsync(string what, Func<Task> work)
    {
        _calls.Enqueue(what);
        _called.Release();
        return work();
    }

    private void Gap(ResyncReason reason) => _queue.EnqueueGap(reason, since: null);

    private void Send(string payload) => _queue.Enqueue("c", payload, 0, new());

    private Task StopAsync() => _subscription.EndAsync(discard: false).WaitAsync(Limit, Cancellation);

    private void ExpectDiscarded(int count, params string[] calls)
    {
        Assert.Equal(calls, _calls);
        Assert.Equal((count, 0), (_subscription.Counters.Discarded, _subscription.Statistics.Queued));
        Assert.Null(_subscription.Statistics.ResyncFailure);
        var said = _logger.Collector.GetSnapshot().Where(record => record.Id.Id == 302).Select(record => record.Message);
        Assert.Equal(count == 0 ? [] : [$"{count} notification(s) queued for {_subscription.Statistics.Name} were discarded at the stop."], said);
    }

    private async Task NextCallAsync() => Assert.True(await _called.WaitAsync(Limit, Cancellation));

    /// <summary>Waits for the next timer that is not one of the log's.</summary>
    private async Task NextWaitAsync()
    {
        while (await _time.NextWaitAsync(Cancellation).AsTask().WaitAsync(Limit, Cancellation) == PgListener.Telemetry.LogThrottle.Interval)
        {
        }
    }
}
