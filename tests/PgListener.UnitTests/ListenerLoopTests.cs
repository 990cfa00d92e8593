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
    private readonly SessionOwner _owner;
    private readonly long _run;
    private int _sessions;

    public ListenerLoopTests()
    {
        _state = new(_time, _logger);
        var routing = new RoutingKit();
        _owner = new(routing.Difference, routing.Router, _state, new());
        _run = _owner.BeginRun();
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

        var running = loop.RunAsync(_run, firstMustSucceed: false, _stopping.Token);
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
    public async Task Says_when_its_next_attempt_begins_for_as_long_as_it_waits()
    {
        var gate = new TaskCompletionSource();
        var loop = Create((session, _) => session == 2 ? gate.Task : throw new TimeoutException());
        var running = loop.RunAsync(_run, firstMustSucceed: false, _stopping.Token);
        await SessionsAfterAsync(expected: 1, TimeSpan.Zero);
        var delay = await _time.NextWaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(_time.GetUtcNow() + delay, _state.Status.NextAttemptAt);

        _time.Advance(delay);
        Assert.Equal(2, await _begun.Reader.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Null(_state.Status.NextAttemptAt);

        gate.SetException(new TimeoutException());
        await _time.NextWaitAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(_state.Status.NextAttemptAt);
        _owner.EndRun(_run);
        Assert.Null(_state.Status.NextAttemptAt);
        await _stopping.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Waits_as_the_settings_say_at_the_time()
    {
        var loop = Create((_, _) => throw new TimeoutException());
        var running = loop.RunAsync(_run, firstMustSucceed: false, _stopping.Token);
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
        var running = loop.RunAsync(_run, firstMustSucceed: false, _stopping.Token);
        await SessionsAfterAsync(expected: 1, TimeSpan.Zero);
        foreach (var (session, milliseconds) in new[] { (2, 100), (3, 200), (4, 400) })
            await SessionsAfterAsync(session, TimeSpan.FromMilliseconds(milliseconds));
        await _stopping.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Waits_do_not_grow_without_end_while_sessions_are_lost_that_did_listen()
    {
        var loop = Create((_, onListening) =>
        {
            onListening();
            throw new TimeoutException();
        });
        var running = loop.RunAsync(_run, firstMustSucceed: false, _stopping.Token);
        await SessionsAfterAsync(expected: 1, TimeSpan.Zero);
        foreach (var (session, milliseconds) in new[] { (2, 100), (3, 200), (4, 400), (5, 800), (6, 800), (7, 800) })
            await SessionsAfterAsync(session, TimeSpan.FromMilliseconds(milliseconds));
        await _stopping.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Sessions_that_listened_for_a_while_are_replaced_without_growing_waits()
    {
        var loop = Create((_, onListening) =>
        {
            onListening();
            _time.Advance(TimeSpan.FromMilliseconds(500)); // As with a server that ends idle sessions.
            throw new TimeoutException();
        });
        var running = loop.RunAsync(_run, firstMustSucceed: false, _stopping.Token);
        await SessionsAfterAsync(expected: 1, TimeSpan.Zero);
        for (var session = 2; session < 10; session++)
            await SessionsAfterAsync(session, TimeSpan.FromMilliseconds(100));
        await _stopping.CancelAsync();
        await running;
    }

    [Fact]
    public async Task After_a_payload_that_cannot_be_read_it_connects_again_at_once_unless_that_happens_at_once()
    {
        var loop = Create((session, onListening) =>
        {
            onListening();
            if (session < 5)
                _time.Advance(TimeSpan.FromSeconds(1));
            throw new Npgsql.NpgsqlException("Exception while reading from stream", new System.Text.DecoderFallbackException());
        });
        var running = loop.RunAsync(_run, firstMustSucceed: false, _stopping.Token);
        for (var session = 1; session <= 5; session++)
            await SessionsAfterAsync(session, TimeSpan.Zero);
        await SessionsAfterAsync(6, TimeSpan.FromMilliseconds(100));
        await SessionsAfterAsync(7, TimeSpan.FromMilliseconds(200));
        Assert.Contains("cannot be turned into UTF-8", _state.Status.Problem, StringComparison.Ordinal);
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
        var running = loop.RunAsync(_run, firstMustSucceed: true, _stopping.Token);
        await SessionsAfterAsync(1, TimeSpan.Zero);
        foreach (var (session, milliseconds) in new[] { (2, 100), (3, 200), (4, 400), (5, 800), (6, 1600) })
            await SessionsAfterAsync(session, TimeSpan.FromMilliseconds(milliseconds));

        // 101 the loss and 111 its error, 102 the first failure of a kind and 112 its error, 103 more of the same.
        var records = _logger.Collector.GetSnapshot();
        Assert.Equal([101, 111, 102, 112, 103, 103, 102, 112, 103], records.Select(record => record.Id.Id).Take(9));
        Assert.All(records, record => Assert.Equal(record.Exception is null, record.Level > Microsoft.Extensions.Logging.LogLevel.Debug));
        await _stopping.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Ends_with_the_error_of_the_first_attempt_if_that_must_succeed()
    {
        var loop = Create((_, _) => throw new TimeoutException("no server"));
        var error = await Assert.ThrowsAsync<TimeoutException>(() => loop.RunAsync(_run, firstMustSucceed: true, _stopping.Token));
        Assert.Equal("no server", error.Message);
    }

    [Fact]
    public async Task Ends_while_it_waits_for_the_next_attempt()
    {
        var loop = Create((_, _) => throw new TimeoutException());
        var running = loop.RunAsync(_run, firstMustSucceed: false, _stopping.Token);
        await SessionsAfterAsync(1, TimeSpan.Zero);
        await _time.NextWaitAsync(TestContext.Current.CancellationToken);
        Assert.False(running.IsCompleted);
        await _stopping.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(1, _sessions);
    }

    private ListenerLoop Create(Func<int, Action, Task> session)
        => new(
            async (run, onListening, _) =>
            {
                var number = Interlocked.Increment(ref _sessions);
                _begun.Writer.TryWrite(number);
                Assert.True(_owner.TryBeginSession(run, "server", 1, out var id));
                try
                {
                    await session(number, () =>
                    {
                        if (_owner.Listening(id, static () => { }))
                            onListening();
                    });
                }
                catch (Exception e)
                {
                    _owner.EndSession(id, PgListener.Connections.Diagnosis.Of(e));
                    throw;
                }
            },
            _owner,
            _options,
            _time,
            () => 0,
            _logger)
        {
            WaitToRetry = async (delay, stopping) => await Task.Delay(delay, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing),
        };

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
