namespace PgListener.Publishing;

/// <summary>A publish that waits for the transaction that will carry it.</summary>
/// <param name="notifications">What it sends, all in the same transaction.</param>
/// <param name="since">When it came, as a timestamp of the clock.</param>
internal sealed class PendingPublish(Outgoing[] notifications, long since)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Outgoing[] Notifications => notifications;

    public long Since => since;

    /// <summary>Ends when the transaction has, with its result; or when the caller does not want to wait any longer.</summary>
    public Task Done => _done.Task;

    public void Succeed() => _done.TrySetResult();

    public void Fail(Exception error) => _done.TrySetException(error);

    public void Cancel(CancellationToken cancellationToken) => _done.TrySetCanceled(cancellationToken);
}
