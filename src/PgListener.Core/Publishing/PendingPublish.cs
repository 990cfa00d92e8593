namespace PgListener.Publishing;

/// <summary>A publish that waits for the transaction that it will be part of.</summary>
/// <param name="notifications">The notifications, all in the same transaction.</param>
/// <param name="since">The time of the call, as a timestamp of the clock.</param>
/// <param name="returning">Its caller is one of them when it has a result.</param>
internal sealed class PendingPublish(Outgoing[] notifications, long since, ReturningCallers returning)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Outgoing[] Notifications => notifications;

    public long Since => since;

    /// <summary>Completes with the result of the transaction, or when the caller cancels the wait.</summary>
    public Task Done => _done.Task;

    /// <summary>Its caller has continued after the wait for <see cref="Done"/>.</summary>
    public void Continued()
    {
        if (!Done.IsCanceled)
            returning.Leave();
    }

    public void Succeed()
    {
        returning.Enter();
        End(_done.TrySetResult());
    }

    public void Fail(Exception error)
    {
        returning.Enter();
        End(_done.TrySetException(error));
    }

    /// <summary>Ends the wait of its caller.</summary>
    public void Cancel(CancellationToken cancellationToken) => _done.TrySetCanceled(cancellationToken);

    private void End(bool isReturning)
    {
        if (!isReturning)
            returning.Leave(); // The caller has cancelled the wait.
    }
}
