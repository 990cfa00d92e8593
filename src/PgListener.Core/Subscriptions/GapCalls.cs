namespace PgListener.Subscriptions;

/// <summary>
/// Calls one subscription for a gap until that has succeeded, with growing waits: what has cut off the listener may have cut off others
/// too. Meanwhile its notifications wait in the queue.
/// </summary>
internal sealed class GapCalls(SubscriptionQueue queue, CallbackCalls calls, SubscriptionLog log, SubscriptionContext context)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private volatile ResyncFailure? _failure;

    /// <summary>What is known of the failures, while the last call has failed.</summary>
    public ResyncFailure? Failure => _failure;

    /// <summary>Returns when it has succeeded, when the queue is to be ended, or when the queue is paused: the gap is then back in its place.</summary>
    /// <param name="item">The gap, which was taken from the queue.</param>
    /// <param name="options">The settings, which are read anew for each call.</param>
    /// <param name="abort">Cancels a call.</param>
    public async Task RunAsync(QueueItem item, Func<SubscriptionOptions> options, CancellationToken abort)
    {
        var gap = item.Gap!;
        while (await calls.ResyncAsync(gap, options(), abort).ConfigureAwait(false) is { } error)
        {
            if (abort.IsCancellationRequested || queue.IsCompleted)
                break;

            var failure = Note(error);
            var wait = Backoff.Next(failure.Attempts, FirstWait, LongestWait, context.Random());
            await queue.WhenDisturbedAsync(gap).WaitAsync(wait, context.Time, abort).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (abort.IsCancellationRequested || queue.IsCompleted)
                break;

            if (queue.IsHalted)
            {
                queue.PutBack([item]);
                return;
            }

            queue.Absorb(gap);
        }

        if (_failure is { } former && !abort.IsCancellationRequested && !queue.IsCompleted)
            log.ResyncSucceeded(former.Attempts + 1);
        _failure = null;
    }

    private ResyncFailure Note(string error)
        => _failure = new() { Since = _failure?.Since ?? context.Time.GetUtcNow(), Attempts = (_failure?.Attempts ?? 0) + 1, ErrorType = error };
}
