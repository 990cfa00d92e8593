using System.Runtime.CompilerServices;

namespace PgListener.Dashboard;

/// <summary>Looks once a second, for all watchers together, as long as there are any.</summary>
internal sealed class StatusFeed(StatusSampler sampler, TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock _sync = new();
    private int _watchers;
    private ITimer? _timer;
    private StatusFrame? _latest;
    private TaskCompletionSource<StatusFrame> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What there is to see, now and then every second. Whoever is slow sees the latest and not what was between.</summary>
    public async IAsyncEnumerable<StatusFrame> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Join();
        try
        {
            for (var frame = sampler.ReadFrame(); ; frame = await AfterAsync(frame).WaitAsync(cancellationToken).ConfigureAwait(false))
                yield return frame;
        }
        finally
        {
            Leave();
        }
    }

    private Task<StatusFrame> AfterAsync(StatusFrame seen)
    {
        lock (_sync)
            return _latest is { } latest && latest.Number > seen.Number ? Task.FromResult(latest) : _next.Task;
    }

    private void Join()
    {
        lock (_sync)
        {
            if (++_watchers == 1)
                _timer = time.CreateTimer(static feed => ((StatusFeed)feed!).Tick(), this, Period, Period);
        }
    }

    private void Leave()
    {
        lock (_sync)
        {
            if (--_watchers > 0)
                return;

            _timer?.Dispose();
            _timer = null;
            _latest = null;
        }
    }

    private void Tick()
    {
        lock (_sync)
        {
            if (_watchers == 0)
                return;

            var next = _next;
            _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
            try
            {
                next.SetResult(_latest = sampler.ReadFrame());
            }
            catch (Exception e)
            {
                // A listener of the user's own may throw anything. It ends the watchers' responses, not the process.
                next.SetException(e);
                _ = next.Task.Exception;
            }
        }
    }
}
