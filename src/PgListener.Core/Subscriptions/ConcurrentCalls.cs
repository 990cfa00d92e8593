namespace PgListener.Subscriptions;

/// <summary>Calls of one subscription that run concurrently, as many at a time as there are slots.</summary>
internal sealed class ConcurrentCalls(SubscriptionQueue queue, CallbackCalls calls, CallSlots slots)
{
    /// <summary>Takes the next notification and begins its call, once a slot is free. The next in the queue is not a gap.</summary>
    public async Task BeginOneAsync(Func<SubscriptionOptions> options, CancellationToken abort)
    {
        await slots.TakeAsync().ConfigureAwait(false);
        var item = default(QueueItem);
        if (queue.IsHalted || queue.Take(new Span<QueueItem>(ref item)) == 0)
            slots.GiveBack();
        else
            _ = CallAndReleaseAsync(item, options, abort);
    }

    private async Task CallAndReleaseAsync(QueueItem item, Func<SubscriptionOptions> options, CancellationToken abort)
    {
        // Not on the pump's own stack, because a callback that does not yield must not keep the pump from starting the next one.
        await Task.Yield();
        if (queue.IsHalted || abort.IsCancellationRequested)
        {
            queue.PutBack([item]);
        }
        else
        {
            await calls.CallAsync(item, options(), abort).ConfigureAwait(false);
            queue.Release(1, item.Size);
        }

        slots.GiveBack();
    }
}
