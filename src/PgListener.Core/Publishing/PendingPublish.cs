namespace PgListener.Publishing;

/// <summary>A publish that waits for the transaction that it will be part of.</summary>
/// <param name="notifications">The notifications, all in the same transaction.</param>
/// <param name="since">The time of the call, as a timestamp of the clock.</param>
internal sealed class PendingPublish(Outgoing[] notifications, long since)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Outgoing[] Notifications => notifications;

    public long Since => since;

    /// <summary>Completes with the result of the transaction, or when the caller cancels the wait.</summary>
    public Task Done => _done.Task;

    public void Succeed() => _done.TrySetResult();

    public void Fail(Exception error) => _done.TrySetException(error);

    public void Cancel(CancellationToken cancellationToken) => _done.TrySetCanceled(cancellationToken);
}
