namespace PgListener.Dispatch;

/// <summary>Holds up the reading while a queue is full, each queue for its own <see cref="QueueLimits.MaxBackpressure"/> at most.</summary>
internal sealed class Backpressure(TimeProvider time)
{
    private readonly Lock _sync = new();
    private readonly Dictionary<SubscriptionQueue, long> _fullSince = [];
    private volatile bool _isOn;
    private TaskCompletionSource? _changed;
    private bool _interrupted;

    /// <summary>Whether some queue is full.</summary>
    public bool IsOn => _isOn;

    /// <summary>Called by a queue that has become full, under its own lock.</summary>
    public void Enter(SubscriptionQueue queue)
    {
        lock (_sync)
        {
            _fullSince[queue] = time.GetTimestamp();
            _isOn = true;
        }
    }

    /// <summary>Called by a queue that has room again, under its own lock.</summary>
    public void Leave(SubscriptionQueue queue)
    {
        TaskCompletionSource? changed;
        lock (_sync)
        {
            _fullSince.Remove(queue);
            _isOn = _fullSince.Count > 0;
            changed = _isOn ? null : _changed;
        }

        changed?.TrySetResult();
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
            if (_fullSince.Count == 0 || interrupted)
                return [];

            left = _fullSince.Min(entry => Left(entry));
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
            return [.. _fullSince.Where(entry => Left(entry) <= TimeSpan.Zero).Select(entry => entry.Key)];
    }

    private TimeSpan Left(KeyValuePair<SubscriptionQueue, long> entry) => entry.Key.MaxBackpressure - time.GetElapsedTime(entry.Value);
}
