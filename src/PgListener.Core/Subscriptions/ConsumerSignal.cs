using System.Threading.Tasks.Sources;

namespace PgListener.Subscriptions;

/// <summary>
/// The wait of a queue's one consumer for something to take, or for a change while it cannot handle what it has taken. Code that
/// takes the waiting consumer, under the lock of the queue, has to wake it after the lock.
/// </summary>
internal sealed class ConsumerSignal : IValueTaskSource<bool>, IThreadPoolWorkItem
{
    /// <summary>For how many wakes a consumer runs on other threads at most. Then it is tried again, because it may only have been cold.</summary>
    private const int LongestProbation = 64;

    private ManualResetValueTaskSourceCore<bool> _core;
    private bool _isWaiting;
    private bool _result;
    private CancellationToken _cancelled;
    private TaskCompletionSource? _disturbed;

    // Only the thread that reads uses these two.
    private int _elsewhere;
    private int _probation;

    /// <summary>Whether every wait ends with a cancellation.</summary>
    public bool IsCancelled => _cancelled.IsCancellationRequested;

    /// <summary>Begins to wait. Called under the lock of the queue.</summary>
    public ValueTask<bool> WaitAsync()
    {
        if (IsCancelled)
            return ValueTask.FromCanceled<bool>(_cancelled);

        _core.Reset();
        _isWaiting = true;
        return new(this, _core.Version);
    }

    /// <summary>Ends this and every further wait with the token's cancellation. Called under the lock of the queue.</summary>
    public void Cancel(CancellationToken cancelled) => _cancelled = cancelled;

    /// <summary>Takes the consumer, if it waits. Called under the lock of the queue.</summary>
    /// <param name="result">The result of its wait.</param>
    /// <returns>Whether it was waiting: then the caller wakes it.</returns>
    public bool TryTake(bool result)
    {
        if (!_isWaiting)
            return false;

        _isWaiting = false;
        _result = result;
        return true;
    }

    /// <summary>Whether the thread that reads may run the consumer this time.</summary>
    /// <param name="mayTry">Whether it may run one that was slow, to find out whether it still is. Changed to <see langword="false"/> if this is the one.</param>
    public bool MayRunHere(ref bool mayTry)
    {
        if (_elsewhere == 0)
            return true;

        _elsewhere--;
        if (!mayTry)
            return false;

        mayTry = false;
        return true;
    }

    /// <summary>The consumer was run on the thread that reads, and was quick.</summary>
    public void NoteQuick() => _elsewhere = _probation = 0;

    /// <summary>The consumer has kept the thread that reads for too long. Once may be the machine's fault; each time after the second counts double.</summary>
    public void NoteSlow()
    {
        _elsewhere = _probation;
        _probation = Math.Clamp(2 * _probation, 1, LongestProbation);
    }

    /// <summary>The consumer has not returned to the thread that reads.</summary>
    public void NoteStuck() => _elsewhere = _probation = LongestProbation;

    /// <summary>Waits for <see cref="Disturb"/>. Called under the lock of the queue.</summary>
    public Task WhenDisturbedAsync() => (_disturbed = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Makes the consumer check again what it could not handle. Called under the lock of the queue.</summary>
    public void Disturb()
    {
        _disturbed?.TrySetResult();
        _disturbed = null;
    }

    /// <summary>Continues the consumer on another thread.</summary>
    public void WakeOnPool() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);

    /// <summary>Continues the consumer on this thread.</summary>
    public void Wake() => _core.SetResult(_result);

    void IThreadPoolWorkItem.Execute() => Wake();

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        var result = _core.GetResult(token);
        _cancelled.ThrowIfCancellationRequested();
        return result;
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _core.OnCompleted(continuation, state, token, flags);
}
