using System.Runtime.CompilerServices;

namespace PgListener.Dashboard;

/// <summary>Looks once a second, for all watchers together, as long as there are any.</summary>
internal sealed class StatusFeed
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>How long a watcher may take for what is sent at one moment. The server's own limit for slow clients grows with what is sent, to many minutes.</summary>
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

    /// <summary>What there is to see, now and then every second. A watcher who is slow sees the latest and not what was between.</summary>
    /// <param name="disconnect">Called for a watcher who takes too long, so that it does not keep its place for ever.</param>
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

    /// <summary>What the others have seen last, if it is recent; else a look, for all who come at the same time.</summary>
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

    /// <summary>Looks for those who come.</summary>
    private StatusFrame Look()
    {
        var frame = _sampler.ReadFrame();
        lock (_sync)
            Keep(frame);
        return frame;
    }

    /// <summary>Nothing is locked while it looks, and a tick that comes while the one before still looks is left out.</summary>
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

    /// <summary>Answers whether anybody is left. It is locked, since the connection of a watcher who has left serves other requests by now.</summary>
    private bool DisconnectStuckWatchers()
    {
        lock (_sync)
        {
            foreach (var watcher in _watchers.Where(watcher => watcher.BusySince is { } since && _time.GetElapsedTime(since) > Patience).ToArray())
                watcher.Disconnect();
            return _watchers.Count > 0;
        }
    }

    /// <summary>Looks for those who wait.</summary>
    private void Tell()
    {
        try
        {
            var frame = _sampler.ReadFrame();
            Next(frame).SetResult(frame);
        }
        catch (Exception e)
        {
            // A listener of the user's own may throw anything; the sampler has logged it. It ends the watchers' responses, not the process.
            var next = Next(frame: null);
            next.SetException(e);
            _ = next.Task.Exception;
        }
    }

    /// <summary>Ends the wait of all who wait now. The frame is the latest from that moment on, so that nobody is told of it twice.</summary>
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

        /// <summary>Since when it is being sent something, as a timestamp.</summary>
        public long? BusySince => Volatile.Read(ref _busySince) is var since and not NotBusy ? since : null;

        public void Busy(long since) => Volatile.Write(ref _busySince, since);

        public void Idle() => Volatile.Write(ref _busySince, NotBusy);

        public void Disconnect() => disconnect();
    }
}
