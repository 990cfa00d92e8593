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
            machine.Move(wish);
            if (Model[state].Contains(wish))
                state = wish;
            Assert.Equal(state, machine.Status.State);
        }
    }

    [Fact]
    public async Task Each_observer_is_told_of_every_move_in_order_even_if_another_throws()
    {
        var told = new List<string>();
        var done = new TaskCompletionSource();
        var machine = new StateMachine(_time, _logger, sender: this);
        machine.Changed += (_, _) => throw new InvalidOperationException("the first observer");
        machine.Changed += (sender, change) =>
        {
            Assert.Same(this, sender);
            told.Add($"{change.Previous} → {change.Status.State}");
            if (change.Status.State == ListenerState.Stopped)
                done.SetResult();
        };
        foreach (var state in new[] { ListenerState.Connecting, ListenerState.Listening, ListenerState.Listening, ListenerState.Reconnecting, ListenerState.Stopping, ListenerState.Stopped })
            machine.Move(state);
        await done.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(["Stopped → Connecting", "Connecting → Listening", "Listening → Reconnecting", "Reconnecting → Stopping", "Stopping → Stopped"], told);
        Assert.Equal([109, 109, 109, 109, 109], _logger.Collector.GetSnapshot().Select(record => record.Id.Id));
    }

    [Fact]
    public async Task Waiting_ends_with_listening_or_with_the_stop()
    {
        var machine = new StateMachine(_time, _logger);
        var wait = machine.WhenListeningAsync();
        machine.Move(ListenerState.Connecting);
        Assert.False(wait.IsCompleted);
        machine.Move(ListenerState.Listening);
        await wait;
        machine.Move(ListenerState.Reconnecting);
        wait = machine.WhenListeningAsync();
        Assert.False(wait.IsCompleted);
        machine.Move(ListenerState.Stopping);
        await Assert.ThrowsAsync<ListenerClosedException>(() => wait);
    }

    [Fact]
    public void Says_since_when_and_what_is_wrong()
    {
        var machine = new StateMachine(_time, _logger);
        _time.Advance(TimeSpan.FromMinutes(1));
        machine.Move(ListenerState.Connecting, status => status with { Problem = "none" });
        Assert.Equal(_time.GetUtcNow(), machine.Status.Since);
        _time.Advance(TimeSpan.FromMinutes(1));
        machine.Note(status => status with { FailedAttempts = 3 });
        Assert.Equal((_time.GetUtcNow().AddMinutes(-1), "none", 3), (machine.Status.Since, machine.Status.Problem, machine.Status.FailedAttempts));
    }
}
