namespace PgListener.Subscriptions;

/// <summary>
/// Holds up the reading while a queue is full. A queue has its <see cref="QueueLimits.MaxBackpressure"/> for that, counted from
/// the first time it was full until the reading has caught up with the server again.
/// </summary>
internal sealed class Backpressure(TimeProvider time)
{
    private readonly Lock _sync = new();
    private readonly HashSet<SubscriptionQueue> _full = [];
    private readonly Dictionary<SubscriptionQueue, long> _firstFull = [];
    private volatile bool _isOn;
    private volatile bool _hasHistory;
    private TaskCompletionSource? _changed;
    private bool _interrupted;

    /// <summary>Whether some queue is full.</summary>
    public bool IsOn => _isOn;

    /// <summary>Called by a queue that has become full, under its own lock.</summary>
    public void Enter(SubscriptionQueue queue)
    {
        lock (_sync)
        {
            _full.Add(queue);
            _firstFull.TryAdd(queue, time.GetTimestamp());
            _isOn = _hasHistory = true;
        }
    }

    /// <summary>Called by a queue that is half empty again, under its own lock.</summary>
    public void Leave(SubscriptionQueue queue) => Remove(queue, forGood: false);

    /// <summary>Called by a queue that will not be full again: it has overflowed, or has ended.</summary>
    public void Forget(SubscriptionQueue queue) => Remove(queue, forGood: true);

    /// <summary>Called by the reader when it has read all there was: nobody is being held up.</summary>
    public void CaughtUp()
    {
        if (!_hasHistory)
            return;

        lock (_sync)
        {
            if (_full.Count > 0)
                return;

            _firstFull.Clear();
            _hasHistory = false;
        }
    }

    /// <summary>Ends the present or the next wait early, because there is something else to do.</summary>
    public void Interrupt()
    {
        TaskCompletionSource? changed;
        lock (_sync)
        {
            _interrupted = true;
            changed = _changed;
        }

        changed?.TrySetResult();
    }

    /// <summary>Waits until no queue is full any more, or until <see cref="Interrupt"/>.</summary>
    /// <returns>The queues whose time is over; the caller makes them overflow.</returns>
    public async Task<IReadOnlyList<SubscriptionQueue>> WaitAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource changed;
        TimeSpan left;
        lock (_sync)
        {
            var interrupted = _interrupted;
            _interrupted = false;
            if (_full.Count == 0 || interrupted)
                return [];

            left = _full.Min(Left);
            changed = _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        if (left > TimeSpan.Zero)
        {
            try
            {
                await changed.Task.WaitAsync(left, time, cancellationToken).ConfigureAwait(false);
                return [];
            }
            catch (TimeoutException)
            {
                // The longest wait is over: the queue that is to blame is told below.
            }
        }

        lock (_sync)
            return [.. _full.Where(queue => Left(queue) <= TimeSpan.Zero)];
    }

    private void Remove(SubscriptionQueue queue, bool forGood)
    {
        TaskCompletionSource? changed;
        lock (_sync)
        {
            if (forGood)
                _firstFull.Remove(queue);
            _full.Remove(queue);
            _isOn = _full.Count > 0;
            changed = _isOn ? null : _changed;
        }

        changed?.TrySetResult();
    }

    private TimeSpan Left(SubscriptionQueue queue) => queue.MaxBackpressure - time.GetElapsedTime(_firstFull[queue]);
}
