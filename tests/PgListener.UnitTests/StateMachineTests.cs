using Microsoft.Extensions.Logging.Testing;
using PgListener.Session;

namespace PgListener.UnitTests;

/// <summary>The states as a model: what is allowed, written down a second time.</summary>
public class StateMachineTests
{
    private static readonly Dictionary<ListenerState, ListenerState[]> Model = new()
    {
        [ListenerState.Stopped] = [ListenerState.Connecting],
        [ListenerState.Connecting] = [ListenerState.Listening, ListenerState.Stopping],
        [ListenerState.Listening] = [ListenerState.Reconnecting, ListenerState.Stopping],
        [ListenerState.Reconnecting] = [ListenerState.Listening, ListenerState.Stopping],
        [ListenerState.Stopping] = [ListenerState.Stopped],
    };

    private readonly SignallingTime _time = new();
    private readonly FakeLogger _logger = new();

    [Fact]
    public void Only_legal_moves_are_made_whatever_is_asked()
    {
        var random = new Random(1);
        var machine = new StateMachine(_time, _logger);
        var state = ListenerState.Stopped;
        for (var i = 0; i < 10_000; i++)
        {
            var wish = (ListenerState)random.Next(5);
            machine.Move(wish, change: null, CancellationToken.None);
            if (Model[state].Contains(wish))
                state = wish;
            Assert.Equal(state, machine.Status.State);
        }
    }

    [Fact]
    public async Task Observers_are_told_of_every_move_in_order_even_if_one_throws()
    {
        var told = new List<string>();
        var done = new TaskCompletionSource();
        var machine = new StateMachine(_time, _logger)
        {
            Observer = change =>
            {
                told.Add($"{change.Previous} → {change.Status.State}");
                if (change.Status.State == ListenerState.Listening)
                    throw new InvalidOperationException("an observer");
                if (change.Status.State == ListenerState.Stopped)
                    done.SetResult();
            },
        };
        foreach (var state in new[] { ListenerState.Connecting, ListenerState.Listening, ListenerState.Listening, ListenerState.Reconnecting, ListenerState.Stopping, ListenerState.Stopped })
            machine.Move(state, change: null, CancellationToken.None);
        await done.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(["Stopped → Connecting", "Connecting → Listening", "Listening → Reconnecting", "Reconnecting → Stopping", "Stopping → Stopped"], told);
        Assert.Equal(109, Assert.Single(_logger.Collector.GetSnapshot()).Id.Id);
    }

    [Fact]
    public async Task Waiting_ends_with_listening_or_with_the_stop()
    {
        var machine = new StateMachine(_time, _logger);
        var wait = machine.WhenListeningAsync();
        machine.Move(ListenerState.Connecting, change: null, CancellationToken.None);
        Assert.False(wait.IsCompleted);
        machine.Move(ListenerState.Listening, change: null, CancellationToken.None);
        await wait;
        machine.Move(ListenerState.Reconnecting, change: null, CancellationToken.None);
        wait = machine.WhenListeningAsync();
        Assert.False(wait.IsCompleted);
        machine.Move(ListenerState.Stopping, change: null, CancellationToken.None);
        await Assert.ThrowsAsync<ListenerClosedException>(() => wait);
    }

    [Fact]
    public void A_run_that_is_stopping_has_nothing_to_say()
    {
        var machine = new StateMachine(_time, _logger);
        var old = new CancellationToken(canceled: true);
        machine.Move(ListenerState.Connecting, change: null, CancellationToken.None);
        machine.Move(ListenerState.Listening, change: null, old);
        machine.Note(status => status with { Problem = "old" }, old);
        Assert.Equal((ListenerState.Connecting, null), (machine.Status.State, machine.Status.Problem));
    }

    [Fact]
    public void Says_since_when_and_what_is_wrong()
    {
        var machine = new StateMachine(_time, _logger);
        _time.Advance(TimeSpan.FromMinutes(1));
        machine.Move(ListenerState.Connecting, status => status with { Problem = "none" }, CancellationToken.None);
        Assert.Equal(_time.GetUtcNow(), machine.Status.Since);
        _time.Advance(TimeSpan.FromMinutes(1));
        machine.Note(status => status with { FailedAttempts = 3 }, CancellationToken.None);
        Assert.Equal((_time.GetUtcNow().AddMinutes(-1), "none", 3), (machine.Status.Since, machine.Status.Problem, machine.Status.FailedAttempts));
    }
}
