using System.Buffers;

namespace PgListener.Subscriptions;

/// <summary>Calls of one subscription that run one after the other, in order.</summary>
internal sealed class OrderedCalls(SubscriptionQueue queue, CallbackCalls calls, GapCalls gaps)
{
    private const int BatchSize = 64;

    /// <summary>Takes the next gap, or the next notifications up to a gap, and makes the calls for them.</summary>
    public async Task RunBatchAsync(Func<SubscriptionOptions> options, CancellationToken abort)
    {
        var items = ArrayPool<QueueItem>.Shared.Rent(BatchSize);
        var taken = queue.Take(items.AsSpan(0, BatchSize));
        if (taken > 0 && items[0].Gap is not null)
            await RunGapAsync(items[0], options, abort).ConfigureAwait(false);
        else
            await CallAsync(items, taken, options, abort).ConfigureAwait(false);
        ArrayPool<QueueItem>.Shared.Return(items, clearArray: true);
    }

    private async ValueTask RunGapAsync(QueueItem gap, Func<SubscriptionOptions> options, CancellationToken abort)
    {
        if (queue.IsHalted)
            queue.PutBack([gap]);
        else
            await gaps.RunAsync(gap, options, abort).ConfigureAwait(false);
    }

    private async ValueTask CallAsync(QueueItem[] items, int taken, Func<SubscriptionOptions> options, CancellationToken abort)
    {
        var done = 0;
        var notifications = 0;
        var bytes = 0L;
        for (; done < taken && !queue.IsHalted && !abort.IsCancellationRequested && options() is { MaxConcurrency: 1 } settings; done++)
        {
            var call = calls.CallAsync(items[done], settings, abort);
            var wasQuick = call.IsCompletedSuccessfully;
            await call.ConfigureAwait(false);
            notifications++;
            bytes += items[done].Size;

            // Quick calls release their room together, because the lock would cost more than the call.
            if (!wasQuick)
            {
                queue.Release(notifications, bytes);
                (notifications, bytes) = (0, 0);
            }
        }

        queue.Release(notifications, bytes);
        queue.PutBack(items.AsSpan(done, taken - done));
    }
}
