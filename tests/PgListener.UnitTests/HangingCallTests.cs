using System.Collections.Concurrent;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>A call that continues although its time limit has cancelled its token is reported while it lasts.</summary>
public sealed class HangingCallTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    private readonly Pipeline _pipeline = new();
    private readonly SemaphoreSlim _entered = new(0);
    private readonly ConcurrentQueue<TaskCompletionSource> _calls = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        EndAll();
        _pipeline.Dispose();
        _entered.Dispose();
    }

    [Fact]
    public async Task It_is_named_once_its_grace_is_over_and_again_when_it_has_ended()
    {
        var began = _pipeline.Time.GetUtcNow();
        var subscription = await HangAsync(new() { Name = "S", Timeout = Timeout });
        _pipeline.Time.Advance(Timeout);
        _pipeline.Time.Advance(Timeout - Tick);
        Assert.Empty(Lines());
        Assert.Equal((0, null), (subscription.Statistics.Hanging, subscription.Statistics.HangingSince));

        _pipeline.Time.Advance(Tick);
        Assert.Equal(["213 S hangs on channel 'a': it has been running for 10.0 s, although its token was cancelled after its Timeout of 00:00:05. Pass the cancellation token on to what it waits for."], Lines());
        Assert.Equal((1, began), (subscription.Statistics.Hanging, subscription.Statistics.HangingSince));

        _pipeline.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Single(Lines());
        EndAll();
        await Pipeline.EndAsync(subscription);
        Assert.Equal(["215 S no longer hangs on channel 'a': the last call that did has ended after 610.0 s."], Lines().Skip(1));
        Assert.Equal((0, null, 0), (subscription.Statistics.Hanging, subscription.Statistics.HangingSince, subscription.Statistics.Failed));
    }

    [Theory]
    [InlineData("00:00:00.0500000", "00:00:01")]
    [InlineData("00:00:07", "00:00:07")]
    [InlineData("01:00:00", "00:00:30")]
    public async Task The_grace_is_the_limit_again_from_one_second_to_thirty(string timeout, string grace)
    {
        var subscription = await HangAsync(new() { Timeout = TimeSpan.Parse(timeout, null) });
        _pipeline.Time.Advance(TimeSpan.Parse(timeout, null));
        _pipeline.Time.Advance(TimeSpan.Parse(grace, null) - Tick);
        Assert.Equal(0, subscription.Statistics.Hanging);
        _pipeline.Time.Advance(Tick);
        Assert.Equal(1, subscription.Statistics.Hanging);
    }

    [Fact]
    public async Task A_call_that_ends_within_its_grace_does_not_hang()
    {
        var subscription = await HangAsync(new() { Timeout = Timeout });
        _pipeline.Time.Advance(Timeout);
        EndAll();
        await Pipeline.EndAsync(subscription);
        _pipeline.Time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(Lines());
        Assert.Equal(0, subscription.Statistics.Hanging);
    }

    [Fact]
    public async Task A_call_without_a_limit_never_hangs()
    {
        var subscription = await HangAsync(new());
        _pipeline.Time.Advance(TimeSpan.FromDays(2));
        Assert.Empty(Lines());
        Assert.Equal(0, subscription.Statistics.Hanging);
    }

    [Fact]
    public async Task A_call_that_throws_for_its_cancelled_token_after_its_grace_has_timed_out_and_hangs_no_more()
    {
        var subscription = await HangAsync(new() { Timeout = Timeout });
        PassBoth();
        Assert.True(_calls.TryDequeue(out var call));
        call.SetException(new OperationCanceledException());
        await Pipeline.EndAsync(subscription);
        Assert.Equal([213, 201, 215], Ids());
    }

    [Fact]
    public async Task Of_several_at_a_time_the_first_is_named_the_others_are_counted_and_the_last_ends_it()
    {
        var subscription = await HangAsync(new() { Name = "S", Timeout = Timeout, MaxConcurrency = 3 }, calls: 3);
        PassBoth();
        Assert.Equal([213], Ids());
        Assert.Equal(3, subscription.Statistics.Hanging);
        _pipeline.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("214 S hung 2 more time(s) on channel 'a' after its token was cancelled; 3 of its calls hang now.", Lines()[^1]);

        for (var left = 2; left >= 0; left--)
        {
            Assert.Equal([213, 214], Ids());
            Assert.True(_calls.TryDequeue(out var call));
            call.SetResult();
            Assert.True(SpinWait.SpinUntil(() => subscription.Statistics.Hanging == left, Limit));
        }

        await Pipeline.EndAsync(subscription);
        Assert.Equal([213, 214, 215], Ids());
    }

    [Fact]
    public async Task One_that_hangs_again_and_again_is_counted_and_each_line_that_says_so_has_its_end()
    {
        var subscription = await HangAsync(new() { Name = "S", Timeout = Timeout });
        for (var i = 0; i < 5; i++)
        {
            PassBoth();
            _pipeline.Deliver("a", "next");
            EndAll();
            await EnteredAsync();
            Assert.Equal([213, 215], Ids());
        }

        _pipeline.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("214 S hung 4 more time(s) on channel 'a' after its token was cancelled; 0 of its calls hang now.", Lines()[^1]);
        _pipeline.Time.Advance(Timeout);
        _pipeline.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("214 S hung 1 more time(s) on channel 'a' after its token was cancelled; 1 of its calls hang now.", Lines()[^1]);
        EndAll();
        await Pipeline.EndAsync(subscription);
        Assert.Equal([213, 215, 214, 214, 215], Ids());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_call_for_a_gap_hangs_too(int maxConcurrency)
    {
        var subscription = _pipeline.Subscribe("a", static (_, _) => Task.CompletedTask, new()
        {
            Name = "S",
            Timeout = Timeout,
            MaxConcurrency = maxConcurrency,
            OnResync = (_, _) => WaitAsync(),
        });
        await EnteredAsync();
        PassBoth();
        Assert.Equal((1, "213 S hangs on channel 'a'"), (subscription.Statistics.Hanging, Lines()[0].Split(':')[0]));
        EndAll();
        await Pipeline.EndAsync(subscription);
        Assert.Equal([213, 215], Ids());
        Assert.Null(subscription.Statistics.ResyncFailure);
    }

    [Fact]
    public async Task It_still_counts_when_the_stop_has_cancelled_it_until_it_ends()
    {
        using var abort = new CancellationTokenSource();
        using var pipeline = new Pipeline { Abort = abort.Token };
        var subscription = await HangAsync(new() { Timeout = Timeout }, pipeline: pipeline);
        PassBoth(pipeline);
        var ended = subscription.EndAsync(discard: false);
        await abort.CancelAsync();
        Assert.False(ended.IsCompleted);
        Assert.Equal(1, subscription.Statistics.Hanging);

        Assert.True(_calls.TryDequeue(out var call));
        call.SetCanceled(abort.Token);
        await ended.WaitAsync(Limit, Cancellation);
        Assert.Equal([213, 301, 215], Ids(pipeline));
        Assert.Equal(0, subscription.Statistics.Hanging);
    }

    [Fact]
    public async Task The_stop_cancels_the_token_of_a_call_with_a_limit()
    {
        using var abort = new CancellationTokenSource();
        using var pipeline = new Pipeline { Abort = abort.Token };
        var subscription = pipeline.Subscribe(
            "a",
            (_, token) =>
            {
                _entered.Release();
                return Task.Delay(System.Threading.Timeout.Infinite, token);
            },
            new() { Timeout = Timeout });
        pipeline.Deliver("a", "1");
        await EnteredAsync();
        await abort.CancelAsync();
        await Pipeline.EndAsync(subscription);
        pipeline.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal([301], Ids(pipeline));
    }

    [Fact]
    public async Task What_is_registered_on_the_token_may_throw_which_is_logged_and_the_call_goes_on()
    {
        var failure = new InvalidOperationException("registered");
        var subscription = _pipeline.Subscribe(
            "a",
            async (_, token) =>
            {
                await using var registration = token.Register(() => throw failure);
                await WaitAsync();
            },
            new() { Name = "S", Timeout = Timeout });
        _pipeline.Deliver("a", "1");
        await EnteredAsync();
        PassBoth();
        Assert.Equal([216, 213], Ids());
        Assert.Same(failure, Assert.IsType<AggregateException>(_pipeline.Logger.Collector.GetSnapshot()[0].Exception).InnerException);
        EndAll();
        await Pipeline.EndAsync(subscription);
        Assert.Equal((1, 0), (subscription.Statistics.Processed, subscription.Statistics.Failed));
    }

    /// <summary>By the system's clock, because a fake one does nothing else while a timer of its own runs.</summary>
    [Fact]
    public void What_is_registered_on_the_token_may_block_and_the_call_hangs_and_ends_all_the_same()
    {
        using var log = LogOf(TimeProvider.System);
        using var blocked = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var limits = new CallLimits(log, TimeProvider.System);
        var call = limits.Begin(TimeSpan.FromMilliseconds(500), CancellationToken.None)!;
        Block(blocked, release, call.Token);
        Assert.True(blocked.Wait(Limit, Cancellation));
        Assert.True(SpinWait.SpinUntil(() => limits.Hanging is not null, Limit));
        call.Dispose();
        Assert.Null(limits.Hanging);
        Assert.Equal([213, 215], Ids());
        release.Set();
    }

    [Fact]
    public async Task What_is_registered_on_the_token_may_block_the_cancelling_of_a_stop_and_the_call_ends_all_the_same()
    {
        using var log = LogOf(_pipeline.Time);
        using var abort = new CancellationTokenSource();
        using var blocked = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var call = new CallLimits(log, _pipeline.Time).Begin(Timeout, abort.Token)!;
        Block(blocked, release, call.Token);
        var cancelling = abort.CancelAsync();
        Assert.True(blocked.Wait(Limit, Cancellation));
        await Task.Run(call.Dispose, Cancellation).WaitAsync(Limit / 2, Cancellation);
        release.Set();
        await cancelling.WaitAsync(Limit, Cancellation);
    }

    [Fact]
    public void A_timer_that_is_late_changes_nothing_about_a_call_that_has_ended()
    {
        using var log = LogOf(_pipeline.Time);
        var limits = new CallLimits(log, _pipeline.Time);
        var call = limits.Begin(Timeout, CancellationToken.None)!;
        _pipeline.Time.Advance(Timeout);
        Assert.True(call.IsOver);
        call.Dispose();
        limits.Hang(call);
        Assert.Null(limits.Hanging);
        Assert.Empty(Lines());
    }

    /// <summary>The clock and the call meet at each of the two moments: whatever comes first, what was said to hang ends, and nothing else does.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_that_ends_at_that_very_moment_hangs_and_ends_or_does_neither(bool atTheEndOfTheGrace)
    {
        for (var round = 0; round < 300; round++)
        {
            using var pipeline = new Pipeline();
            var subscription = await HangAsync(new() { Timeout = Timeout }, pipeline: pipeline);
            if (atTheEndOfTheGrace)
                pipeline.Time.Advance(Timeout);
            using var start = new Barrier(2);
            var clock = Task.Run(
                () =>
                {
                    start.SignalAndWait(Cancellation);
                    pipeline.Time.Advance(Timeout);
                },
                Cancellation);
            start.SignalAndWait(Cancellation);
            EndAll();
            await clock.WaitAsync(Limit, Cancellation);
            await Pipeline.EndAsync(subscription);
            pipeline.Time.Advance(Timeout);
            Assert.Equal(0, subscription.Statistics.Hanging);
            Assert.True(Ids(pipeline) is [] or [213, 215], string.Join(", ", Ids(pipeline)));
        }
    }

    /// <summary>Begins calls that do not end, whatever happens to their tokens.</summary>
    private async Task<Subscription> HangAsync(SubscriptionOptions options, int calls = 1, Pipeline? pipeline = null)
    {
        pipeline ??= _pipeline;
        var subscription = pipeline.Subscribe("a", (_, _) => WaitAsync(), options);
        for (var i = 0; i < calls; i++)
            pipeline.Deliver("a", "1");
        for (var i = 0; i < calls; i++)
            await EnteredAsync();
        return subscription;
    }

    /// <summary>Blocks the thread that cancels the token.</summary>
    private static void Block(ManualResetEventSlim blocked, ManualResetEventSlim release, CancellationToken token) => token.UnsafeRegister(
        _ =>
        {
            blocked.Set();
            release.Wait(Limit, CancellationToken.None);
        },
        state: null);

    private SubscriptionLog LogOf(TimeProvider time)
        => new("S", "a", hearsGaps: false, _pipeline.Logger, time);

    private Task WaitAsync()
    {
        var call = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls.Enqueue(call);
        _entered.Release();
        return call.Task;
    }

    private async Task EnteredAsync() => Assert.True(await _entered.WaitAsync(Limit, Cancellation));

    private void EndAll()
    {
        while (_calls.TryDequeue(out var call))
            call.SetResult();
    }

    /// <summary>The limit passes, and then the grace.</summary>
    private void PassBoth(Pipeline? pipeline = null)
    {
        for (var i = 0; i < 2; i++)
            (pipeline ?? _pipeline).Time.Advance(Timeout);
    }

    private int[] Ids(Pipeline? pipeline = null) => [.. (pipeline ?? _pipeline).Logger.Collector.GetSnapshot().Select(record => record.Id.Id)];

    private string[] Lines() => [.. _pipeline.Logger.Collector.GetSnapshot().Select(record => $"{record.Id.Id} {record.Message}")];
}
