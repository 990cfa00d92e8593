using Microsoft.Extensions.Logging;
using PgListener.Telemetry;

namespace PgListener.Session;

/// <summary>
/// The listener's state and status. Only valid transitions are made. Observers are notified in order, on a task of their own.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs observers that fail.</param>
/// <param name="sender">The sender that observers get.</param>
internal sealed class StateMachine(TimeProvider time, ILogger logger, object? sender = null)
{
    private readonly Lock _sync = new();
    private readonly Queue<ListenerStateChangedEventArgs> _untold = [];
    private TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ListenerStatus _status = new() { State = ListenerState.Stopped, Since = time.GetUtcNow() };
    private bool _telling;
    private long _reconnects;

    /// <summary>Raised after a transition.</summary>
    public event EventHandler<ListenerStateChangedEventArgs>? Changed;

    public ListenerStatus Status => _status;

    /// <summary>How often a lost connection was established again.</summary>
    public long Reconnects => Interlocked.Read(ref _reconnects);

    public static bool IsLegal(ListenerState from, ListenerState to) => (from, to) switch
    {
        (ListenerState.Stopped, ListenerState.Connecting) => true,
        (ListenerState.Connecting, ListenerState.Listening) => true,
        (ListenerState.Listening, ListenerState.Reconnecting) => true,
        (ListenerState.Reconnecting, ListenerState.Listening) => true,
        (ListenerState.Connecting or ListenerState.Listening or ListenerState.Reconnecting, ListenerState.Stopping) => true,
        (ListenerState.Stopping, ListenerState.Stopped) => true,
        _ => false,
    };

    /// <summary>Completes when the state is <see cref="ListenerState.Listening"/>; fails when the listener is stopped first.</summary>
    public Task WhenListeningAsync()
    {
        lock (_sync)
            return _listening.Task;
    }

    /// <summary>Changes the state, if the transition is valid.</summary>
    /// <param name="state">The new state.</param>
    /// <param name="change">Changes the rest of the status.</param>
    /// <returns>Whether it was changed.</returns>
    public bool Move(ListenerState state, Func<ListenerStatus, ListenerStatus>? change = null)
    {
        lock (_sync)
        {
            var before = _status;
            if (!IsLegal(before.State, state))
                return false;

            var after = before with { State = state, Since = time.GetUtcNow() };
            _status = change is null ? after : change(after);
            if (before.State == ListenerState.Reconnecting && state == ListenerState.Listening)
                Interlocked.Increment(ref _reconnects);
            if (state == ListenerState.Listening)
            {
                _listening.TrySetResult();
            }
            else if (_listening.Task.IsCompleted)
            {
                _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            else if (state == ListenerState.Stopping)
            {
                _listening.TrySetException(new ListenerClosedException("The listener was stopped before it was listening."));
                _ = _listening.Task.Exception; // Nothing may be waiting for it.
                _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            if (Changed is null)
                return true;

            _untold.Enqueue(new(before.State, _status));
            if (_telling)
                return true;

            _telling = true;
        }

        _ = DetachedTask.Run(Tell);
        return true;
    }

    /// <summary>Changes the status without changing the state.</summary>
    /// <param name="change">Changes the status.</param>
    public void Note(Func<ListenerStatus, ListenerStatus> change)
    {
        lock (_sync)
            _status = change(_status);
    }

    private Task Tell()
    {
        while (true)
        {
            ListenerStateChangedEventArgs? next;
            lock (_sync)
            {
                if (!_untold.TryDequeue(out next))
                {
                    _telling = false;
                    return Task.CompletedTask;
                }
            }

            foreach (var observer in Delegate.EnumerateInvocationList(Changed))
                Tell(observer, next);
        }
    }

    private void Tell(EventHandler<ListenerStateChangedEventArgs> observer, ListenerStateChangedEventArgs change)
    {
        try
        {
            observer(sender, change);
        }
        catch (Exception e)
        {
            // The user's code may throw anything; the listener and the other observers are not affected.
            logger.ObserverFailed(e, change.Status.State);
        }
    }
}
