using System.Threading.Channels;
using Microsoft.Extensions.Logging.Testing;
using PgListener.Session;

namespace PgListener.UnitTests;

/// <summary>The loop that runs for ever, without a server and without waiting.</summary>
public class ListenerLoopTests
{
    private readonly SignallingTime _time = new();
    private readonly FakeLogger _logger = new();
    private readonly StateMachine _state;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<int> _begun = Channel.CreateUnbounded<int>();
    private readonly OptionsInForce _options = new();
    private int _sessions;

    public ListenerLoopTests()
    {
        _state = new(_time, _logger);
        _state.Move(ListenerState.Connecting, change: null, CancellationToken.None);
    }

    [Fact]
    public async Task Waits_longer_after_each_failure_and_starts_over_after_a_success()
    {
        var listening = new TaskCompletionSource();
        var lost = new TaskCompletionSource();
        var loop = Create(async (session, onListening) =>
        {
            if (session == 4)
            {
                onListening();
                listening.SetResult();
                await lost.Task;
            }

            throw new TimeoutException($"session {session}");
        });

        var running = loop.RunAsync(firstMustSucceed: false, _stopping.Token);
        await SessionsAfterAsync(expected: 1, TimeSpan.Zero);
        await SessionsAfterAsync(expected: 2, TimeSpan.FromMilliseconds(100));
        await SessionsAfterAsync(expected: 3, TimeSpan.FromMilliseconds(200));
        Assert.Equal((ListenerState.Connecting, 3), (_state.Status.State, _state.Status.FailedAttempts));
        await SessionsAfterAsync(expected: 4, TimeSpan.FromMilliseconds(400));
        await listening.Task;
        Assert.Equal((ListenerState.Listening, 0), (_state.Status.State, _state.Status.FailedAttempts));

        _time.Advance(TimeSpan.FromSeconds(10));
        lost.SetResult();
        await SessionsAfterAsync(expected: 5, TimeSpan.FromMilliseconds(100));
        Assert.Equal(ListenerState.Reconnecting, _state.Status.State);
        Assert.StartsWith("session ", _state.Status.Problem, StringComparison.Ordinal);

        await _stopping.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Waits_as_the_settings_say_at_the_time()
    {
        var loop = Create((_, _) => throw new TimeoutException());
        var running = loop.RunAsync(firstMustSucceed: false, _stopping.Token);
        await SessionsAfterAsync(expected: 1, TimeSpan.Zero);
        await SessionsAfterAsync(expected: 2, TimeSpan.FromMilliseconds(100));
        Assert.Equal(TimeSpan.FromMilliseconds(200), await _time.NextWaitAsync(TestContext.Current.CancellationToken));
        _options.Replace(new() { ReconnectDelay = TimeSpan.FromSeconds(1), MaxReconnectDelay = TimeSpan.FromSeconds(2) }, "options");
        _time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal(3, await _begun.Reader.ReadAsync(TestContext.Current.CancellationToken));
        await SessionsAfterAsync(expected: 4, TimeSpan.FromSeconds(1));
        await _stopping.CancelAsync();
        await running;
    }

    [Fact]
    public async Task A_session_that_is_lost_at_once_is_no_reason_to_hurry()
    {
        var loop = Create((_, onListening) =>
        {
            onListening();
            throw new TimeoutException();
        });
        var running = loop.RunAsync(firstMustSucceed: false, _stopping.Token);
        await SessionsAfterAsync(expected: 1, TimeSpan.Zero);
        foreach (var (session, milliseconds) in new[] { (2, 100), (3, 200), (4, 400) })
            await SessionsAfterAsync(session, TimeSpan.FromMilliseconds(milliseconds));
        await _stopping.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Reports_a_loss_once_and_the_same_failure_once()
    {
        var loop = Create((session, onListening) =>
        {
            if (session == 1)
                onListening();
            throw session < 5 ? new TimeoutException() : new System.Net.Sockets.SocketException();
        });
        var running = loop.RunAsync(firstMustSucceed: true, _stopping.Token);
        await SessionsAfterAsync(1, TimeSpan.Zero);
        foreach (var (session, milliseconds) in new[] { (2, 100), (3, 200), (4, 400), (5, 800), (6, 1600) })
            await SessionsAfterAsync(session, TimeSpan.FromMilliseconds(milliseconds));

        // 101 the loss, 102 the first failure of a kind, 103 more of the same.
        Assert.Equal([101, 102, 103, 103, 102, 103], _logger.Collector.GetSnapshot().Select(record => record.Id.Id).Take(6));
        await _stopping.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Ends_with_the_error_of_the_first_attempt_if_that_must_succeed()
    {
        var loop = Create((_, _) => throw new TimeoutException("no server"));
        var error = await Assert.ThrowsAsync<TimeoutException>(() => loop.RunAsync(firstMustSucceed: true, _stopping.Token));
        Assert.Equal("no server", error.Message);
    }

    [Fact]
    public async Task Ends_while_it_waits_for_the_next_attempt()
    {
        var loop = Create((_, _) => throw new TimeoutException());
        var running = loop.RunAsync(firstMustSucceed: false, _stopping.Token);
        await SessionsAfterAsync(1, TimeSpan.Zero);
        await _time.NextWaitAsync(TestContext.Current.CancellationToken);
        Assert.False(running.IsCompleted);
        await _stopping.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(1, _sessions);
    }

    private ListenerLoop Create(Func<int, Action, Task> session)
        => new(
            (onListening, _) =>
            {
                var number = Interlocked.Increment(ref _sessions);
                _begun.Writer.TryWrite(number);
                return session(number, onListening);
            },
            _state,
            _options,
            _time,
            () => 0,
            _logger);

    /// <summary>The given session begins after the given wait, and not before.</summary>
    private async Task SessionsAfterAsync(int expected, TimeSpan wait)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        if (wait > TimeSpan.Zero)
        {
            Assert.Equal(wait, await _time.NextWaitAsync(limit.Token));
            _time.Advance(wait - TimeSpan.FromTicks(1));
            Assert.Equal(expected - 1, Volatile.Read(ref _sessions));
            _time.Advance(TimeSpan.FromTicks(1));
        }

        Assert.Equal(expected, await _begun.Reader.ReadAsync(limit.Token));
    }
}
