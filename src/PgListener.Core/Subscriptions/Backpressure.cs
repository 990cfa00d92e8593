namespace PgListener.Subscriptions;

/// <summary>
/// Pauses reading while a queue is full, for at most the queue's <see cref="QueueLimits.MaxBackpressure"/>. The time counts for a queue
/// while reading is paused and that queue is full, since reading last caught up with the server.
/// </summary>
internal sealed class Backpressure(TimeProvider time)
{
    private readonly Lock _sync = new();
    private readonly HashSet<SubscriptionQueue> _full = [];
    private readonly Dictionary<SubscriptionQueue, Share> _shares = [];
    private volatile bool _isOn;
    private volatile bool _hasHistory;
    private bool _isReadingPaused;
    private TaskCompletionSource? _changed;
    private bool _interrupted;

    /// <summary>Whether some queue is full.</summary>
    public bool IsOn => _isOn;

    /// <summary>Called by a queue that has become full, under its own lock.</summary>
    public void Enter(SubscriptionQueue queue)
    {
        lock (_sync)
        {
            if (!_shares.TryGetValue(queue, out var share))
                _shares.Add(queue, share = new());
            _full.Add(queue);
            if (_isReadingPaused)
                share.Begin(time);
            _isOn = _hasHistory = true;
        }
    }

    /// <summary>Called by a queue that is half empty again, under its own lock.</summary>
    public void Leave(SubscriptionQueue queue) => Remove(queue, forGood: false);

    /// <summary>Called by a queue that has overflowed or ended, and so will not be full again.</summary>
    public void Forget(SubscriptionQueue queue) => Remove(queue, forGood: true);

    /// <summary>Called by the reader when it has read everything, so that nothing waits at the server.</summary>
    public void CaughtUp()
    {
        if (!_hasHistory)
            return;

        lock (_sync)
        {
            if (_full.Count > 0)
                return;

            _shares.Clear();
            _hasHistory = false;
        }
    }

    /// <summary>Ends the current or the next wait early, because there is other work to do.</summary>
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

    /// <summary>Pauses reading until no queue is full any more, or until <see cref="Interrupt"/>.</summary>
    /// <returns>The queues whose time has run out; the caller makes them overflow.</returns>
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
            _isReadingPaused = true;
            foreach (var queue in _full)
                _shares[queue].Begin(time);
        }

        try
        {
            if (left > TimeSpan.Zero)
                await changed.Task.WaitAsync(left, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The shortest time has run out. The queue that it belongs to is found below.
        }
        finally
        {
            EndPause();
        }

        lock (_sync)
            return [.. _full.Where(queue => Left(queue) <= TimeSpan.Zero)];
    }

    private void EndPause()
    {
        lock (_sync)
        {
            _isReadingPaused = false;
            foreach (var queue in _full)
                _shares[queue].End(time);
        }
    }

    private void Remove(SubscriptionQueue queue, bool forGood)
    {
        TaskCompletionSource? changed;
        lock (_sync)
        {
            if (_full.Remove(queue))
                _shares[queue].End(time);
            if (forGood)
                _shares.Remove(queue);
            _isOn = _full.Count > 0;
            changed = _isOn ? null : _changed;
        }

        changed?.TrySetResult();
    }

    private TimeSpan Left(SubscriptionQueue queue) => queue.MaxBackpressure - _shares[queue].Spent;

    /// <summary>How long reading was paused while one queue was full.</summary>
    private sealed class Share
    {
        private long? _since;

        public TimeSpan Spent { get; private set; }

        public void Begin(TimeProvider time) => _since ??= time.GetTimestamp();

        public void End(TimeProvider time)
        {
            if (_since is { } since)
                Spent += time.GetElapsedTime(since);
            _since = null;
        }
    }
}
