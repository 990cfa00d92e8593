using System.Threading.Tasks.Sources;

namespace PgListener.Subscriptions;

/// <summary>
/// How many calls of one subscription may run at a time. The number may change while they run; surplus calls then
/// run to their end, and none begins before. One pump begins calls, and waits here. A call may end on any thread.
/// </summary>
internal sealed class CallSlots(int count) : IValueTaskSource
{
    private readonly Lock _sync = new();
    private int _count = count;
    private volatile int _taken;

    /// <summary>Lets the waiting pump go on, on another thread.</summary>
    private ManualResetValueTaskSourceCore<bool> _signal = new() { RunContinuationsAsynchronously = true };
    private bool _waiting;
    private bool _wantsAll;

    /// <summary>Whether no call runs.</summary>
    public bool IsIdle => _taken == 0;

    /// <summary>Waits for a free slot, and takes it.</summary>
    public ValueTask TakeAsync() => WaitAsync(all: false);

    /// <summary>Completes when no call runs.</summary>
    public ValueTask WhenIdleAsync() => WaitAsync(all: true);

    /// <summary>A call has ended.</summary>
    public void GiveBack()
    {
        lock (_sync)
        {
            _taken--;
            Serve();
        }
    }

    /// <summary>Changes how many may run at a time.</summary>
    public void Resize(int count)
    {
        lock (_sync)
        {
            _count = count;
            Serve();
        }
    }

    void IValueTaskSource.GetResult(short token) => _signal.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _signal.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _signal.OnCompleted(continuation, state, token, flags);

    private ValueTask WaitAsync(bool all)
    {
        lock (_sync)
        {
            if (TryServe(all))
                return ValueTask.CompletedTask;

            _signal.Reset();
            _wantsAll = all;
            _waiting = true;
            return new(this, _signal.Version);
        }
    }

    private void Serve()
    {
        if (!_waiting || !TryServe(_wantsAll))
            return;

        _waiting = false;
        _signal.SetResult(true);
    }

    private bool TryServe(bool all)
    {
        if (all)
            return _taken == 0;
        if (_taken >= _count)
            return false;

        _taken++;
        return true;
    }
}
