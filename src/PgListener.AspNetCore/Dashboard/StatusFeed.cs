using System.Runtime.CompilerServices;

namespace PgListener.Dashboard;

/// <summary>Reads the state once a second for all watchers together, while there are any.</summary>
internal sealed class StatusFeed
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>How long a watcher may take to receive one update. The server's own limit for slow clients grows with the amount of data, up to many minutes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly StatusSampler _sampler;
    private readonly TimeProvider _time;
    private readonly SharedAnswer<StatusFrame> _look;
    private readonly Lock _sync = new();
    private readonly HashSet<Watcher> _watchers = [];
    private bool _isTicking;
    private ITimer? _timer;
    private StatusFrame? _latest;
    private TaskCompletionSource<StatusFrame> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StatusFeed(StatusSampler sampler, TimeProvider time)
    {
        _sampler = sampler;
        _time = time;
        _look = new(Look);
    }

    /// <summary>The frames, one now and then one every second. A slow watcher gets the latest frame and skips those in between.</summary>
    /// <param name="disconnect">Called for a watcher that takes too long, so that it does not occupy a stream for ever.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<StatusFrame> WatchAsync(Action disconnect, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var watcher = new Watcher(disconnect);
        Join(watcher);
        try
        {
            for (var next = FirstAsync(); ;)
            {
                var frame = await next.WaitAsync(cancellationToken).ConfigureAwait(false);
                watcher.Busy(_time.GetTimestamp());
                yield return frame;
                watcher.Idle();
                next = AfterAsync(frame);
            }
        }
        finally
        {
            Leave(watcher);
        }
    }

    /// <summary>The latest frame, if it is recent; otherwise a new reading, shared by all that begin at the same time.</summary>
    private Task<StatusFrame> FirstAsync()
    {
        lock (_sync)
            return _latest is { } latest && _time.GetElapsedTime(latest.Seen) < Period ? Task.FromResult(latest) : _look.GetAsync();
    }

    private Task<StatusFrame> AfterAsync(StatusFrame seen)
    {
        lock (_sync)
            return _latest is { } latest && latest.Number > seen.Number ? Task.FromResult(latest) : _next.Task;
    }

    private void Join(Watcher watcher)
    {
        lock (_sync)
        {
            _watchers.Add(watcher);
            if (_watchers.Count == 1)
                _timer = _time.CreateTimer(static feed => ((StatusFeed)feed!).Tick(), this, Period, Period);
        }
    }

    private void Leave(Watcher watcher)
    {
        lock (_sync)
        {
            _watchers.Remove(watcher);
            if (_watchers.Count > 0)
                return;

            _timer?.Dispose();
            _timer = null;
            _latest = null;
        }
    }

    /// <summary>Reads for watchers that begin.</summary>
    private StatusFrame Look()
    {
        var frame = _sampler.ReadFrame();
        lock (_sync)
            Keep(frame);
        return frame;
    }

    /// <summary>No lock is held while it reads. A tick during the reading of the previous one is skipped.</summary>
    private void Tick()
    {
        if (Interlocked.Exchange(ref _isTicking, true))
            return;

        try
        {
            if (DisconnectStuckWatchers())
                Tell();
        }
        finally
        {
            Volatile.Write(ref _isTicking, false);
        }
    }

    /// <summary>Whether any watcher is left. Under the lock, because the connection of a former watcher may already serve another request.</summary>
    private bool DisconnectStuckWatchers()
    {
        lock (_sync)
        {
            foreach (var watcher in _watchers.Where(watcher => watcher.BusySince is { } since && _time.GetElapsedTime(since) > Patience).ToArray())
                watcher.Disconnect();
            return _watchers.Count > 0;
        }
    }

    /// <summary>Reads for watchers that wait.</summary>
    private void Tell()
    {
        try
        {
            var frame = _sampler.ReadFrame();
            Next(frame).SetResult(frame);
        }
        catch (Exception e)
        {
            // The user's own implementation of a listener may throw anything. The sampler has logged it; only the watchers' responses end.
            var next = Next(frame: null);
            next.SetException(e);
            _ = next.Task.Exception;
        }
    }

    /// <summary>Ends all current waits. From then on the frame is the latest, so no watcher gets it twice.</summary>
    private TaskCompletionSource<StatusFrame> Next(StatusFrame? frame)
    {
        lock (_sync)
        {
            if (frame is not null)
                Keep(frame);
            var next = _next;
            _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return next;
        }
    }

    private void Keep(StatusFrame frame)
    {
        if (_watchers.Count > 0 && frame.Number > (_latest?.Number ?? 0))
            _latest = frame;
    }

    private sealed class Watcher(Action disconnect)
    {
        private const long NotBusy = -1;

        private long _busySince = NotBusy;

        /// <summary>When sending to it began, as a timestamp.</summary>
        public long? BusySince => Volatile.Read(ref _busySince) is var since and not NotBusy ? since : null;

        public void Busy(long since) => Volatile.Write(ref _busySince, since);

        public void Idle() => Volatile.Write(ref _busySince, NotBusy);

        public void Disconnect() => disconnect();
    }
}
