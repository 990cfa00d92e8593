namespace PgListener.Session;

/// <summary>The state, and the wait for <see cref="ListenerState.Listening"/>. Only the loop and whoever starts and stops it write it.</summary>
internal sealed class ListenerStatus
{
    private readonly Lock _sync = new();
    private TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ListenerState _state = ListenerState.Stopped;

    public ListenerState State => _state;

    public Task WhenListeningAsync()
    {
        lock (_sync)
            return _listening.Task;
    }

    public void Set(ListenerState state)
    {
        lock (_sync)
        {
            _state = state;
            if (state == ListenerState.Listening)
                _listening.TrySetResult();
            else if (_listening.Task.IsCompleted)
                _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
