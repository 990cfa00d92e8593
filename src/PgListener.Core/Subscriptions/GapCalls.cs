namespace PgListener.Subscriptions;

/// <summary>
/// Calls one subscription for a gap until the call succeeds, with growing waits, because what cut off the listener may have cut off others
/// too. Meanwhile its notifications wait in the queue. When the queue has ended, a failed call is not repeated, and the notifications behind
/// the gap are discarded, so that they are not handled as if nothing were missing.
/// </summary>
internal sealed class GapCalls(SubscriptionQueue queue, CallbackCalls calls, SubscriptionLog log, SubscriptionContext context)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private volatile ResyncFailure? _failure;

    /// <summary>The failures, while the last call has failed and will be repeated.</summary>
    public ResyncFailure? Failure => queue.IsCompleted ? null : _failure;

    /// <summary>
    /// Returns when a call has succeeded; when the queue is paused, with the gap back in its place; or when a call has failed and the queue has
    /// ended, which is then discarded.
    /// </summary>
    /// <param name="item">The gap that was taken from the queue.</param>
    /// <param name="options">The settings, read for each call.</param>
    /// <param name="abort">Cancels a call.</param>
    public async Task RunAsync(QueueItem item, Func<SubscriptionOptions> options, CancellationToken abort)
    {
        var gap = item.Gap!;
        var resync = gap.ToResync();
        while (await calls.ResyncAsync(resync, options(), abort).ConfigureAwait(false) is { } failure)
        {
            // The observer is notified once the wait has begun, so that a test can then move its clock.
            var waiting = IsEnding(abort) ? Task.CompletedTask : WaitAsync(gap, Note(failure.ErrorType), abort);
            calls.TellOfResync(resync, failure);
            await waiting.ConfigureAwait(false);
            if (IsEnding(abort))
            {
                log.DiscardedAtStop(queue.Complete(discard: true));
                return;
            }

            if (queue.IsHalted)
            {
                queue.PutBack([item]);
                return;
            }

            queue.Absorb(gap);
            resync = gap.ToResync();
        }

        if (_failure is { } former)
            log.ResyncSucceeded(former.Attempts + 1);
        _failure = null;
        if (options().OnResync is not null)
            calls.TellOfResync(resync, failure: null);
    }

    private bool IsEnding(CancellationToken abort) => abort.IsCancellationRequested || queue.IsCompleted;

    private async Task WaitAsync(Gap gap, ResyncFailure failure, CancellationToken abort)
    {
        var wait = Backoff.Next(failure.Attempts, FirstWait, LongestWait, context.Random());
        await queue.WhenDisturbedAsync(gap).WaitAsync(wait, context.Time, abort).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private ResyncFailure Note(string error)
        => _failure = new() { Since = _failure?.Since ?? context.Time.GetUtcNow(), Attempts = (_failure?.Attempts ?? 0) + 1, ErrorType = error };
}
