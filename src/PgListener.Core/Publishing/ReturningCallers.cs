namespace PgListener.Publishing;

/// <summary>
/// The callers whose transaction has ended and whose wait has not continued yet. Many publish again at once. If the next transaction began with the first
/// of them, the others would wait for one more commit, and every second transaction would carry a single publish.
/// </summary>
/// <param name="clock">Not the application's, because sending must go on even if that one stands still, as in tests.</param>
internal sealed class ReturningCallers(TimeProvider clock)
{
    /// <summary>The longest wait for them, because there may be no thread for one of them. A commit that reaches the disk takes about as long.</summary>
    public static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private int _count;
    private TaskCompletionSource? _none;

    /// <summary>A caller is about to continue.</summary>
    public void Enter() => Interlocked.Increment(ref _count);

    /// <summary>A caller has continued.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _count) == 0)
            Volatile.Read(ref _none)?.TrySetResult();
    }

    /// <summary>Completes when all of them have continued, or after a moment. One wait at a time.</summary>
    public async Task WhenContinuedAsync()
    {
        var none = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _none, none);
        if (Volatile.Read(ref _count) == 0)
            return;

        await none.Task.WaitAsync(Moment, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
