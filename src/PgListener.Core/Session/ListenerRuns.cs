using Microsoft.Extensions.Logging;
using PgListener.Routing;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener.Session;

/// <summary>Starts and stops a listener, one run after the other, and adds subscriptions to the current run.</summary>
internal sealed class ListenerRuns(
    SessionOwner owner, ChannelTable channels, IServerLink link, ListenerLoop loop, DispatchWatch dispatching, OptionsInForce options, TimeProvider time, ILogger logger)
{
    private readonly Lock _sync = new();
    private ListenerRun? _run;
    private bool _isDispatching;
    private bool _disposed;

    /// <summary>Whether a run is in progress that is not being stopped.</summary>
    public bool IsStarted
    {
        get
        {
            lock (_sync)
                return _run is { IsStopping: false };
        }
    }

    /// <summary>The current run, even if it is being stopped.</summary>
    public ListenerRun? Current
    {
        get
        {
            lock (_sync)
                return _run;
        }
    }

    /// <summary>Begins a run.</summary>
    /// <exception cref="ListenerStartException">A run is in progress.</exception>
    public ListenerRun Begin(bool firstMustSucceed)
    {
        lock (_sync)
        {
            ThrowIfDisposed();
            if (_run is { IsStopping: true })
                throw new ListenerStartException("The listener is still stopping; await StopAsync first.");
            if (_run is not null)
                throw new ListenerStartException("The listener is already started.");

            var run = new ListenerRun();
            dispatching.Begin();
            foreach (var subscription in channels.All)
                subscription.Begin(isPaused: true, run.Abort);

            var number = owner.BeginRun();
            run.Number = number;
            run.Loop = DetachedTask.Run(() => loop.RunAsync(number, firstMustSucceed, run.Stopping));
            return _run = run;
        }
    }

    /// <summary>Ends the run. Only the first call ends it; every further one waits for the same end.</summary>
    public Task EndAsync(ListenerRun run)
    {
        lock (_sync)
        {
            var isDispatching = _isDispatching;
            return run.Ended ??= Task.Run(() => EndCoreAsync(run, isDispatching), CancellationToken.None);
        }
    }

    /// <summary>After this, no run begins.</summary>
    public void Dispose()
    {
        lock (_sync)
            _disposed = true;
    }

    /// <exception cref="ObjectDisposedException">The listener is disposed of.</exception>
    public void ThrowIfDisposed()
    {
        lock (_sync)
        {
            if (_disposed)
                throw Disposed();
        }
    }

    /// <exception cref="InvalidOperationException">The listener is not started.</exception>
    public void ThrowIfNotStarted()
    {
        if (!IsStarted)
            throw new InvalidOperationException("The listener is not started; call StartAsync first.");
    }

    /// <summary>Begins or stops calling callbacks.</summary>
    public void Dispatch(bool value)
    {
        lock (_sync)
        {
            if (value)
            {
                ThrowIfNotStarted();
                dispatching.Listen();
            }

            SetDispatching(value);
        }
    }

    /// <summary>Asks a question on the connection that listens.</summary>
    public Task<IReadOnlyList<string>> AskAsync(string sql, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            ThrowIfNotStarted();
            return link.Inbox.AskAsync(sql, cancellationToken);
        }
    }

    /// <summary>Adds a subscription, which takes part in the current run.</summary>
    /// <returns>Completes when the server listens to its channel.</returns>
    public Task Add(Subscription subscription)
    {
        lock (_sync)
        {
            ThrowIfDisposed();
            if (_run is { IsStopping: false } run)
                subscription.Begin(isPaused: !_isDispatching, run.Abort);
            return channels.Add(subscription);
        }
    }

    /// <summary>Adds a reader to the current run.</summary>
    /// <returns>Its queue, and a task that completes when the server listens to its channel.</returns>
    public (SubscriptionQueue Queue, Task Settled) AddReader(Subscription subscription)
    {
        lock (_sync)
        {
            ThrowIfNotStarted();
            subscription.Begin(isPaused: false, CancellationToken.None);
            return (subscription.Queue!, channels.Add(subscription));
        }
    }

    /// <summary>Changes settings. No run begins meanwhile.</summary>
    public void Change(Action change)
    {
        lock (_sync)
            change();
    }

    /// <summary>Waits until the server has confirmed an edit of the wanted channels, unless the listener is stopped.</summary>
    public Task SettleAsync(Task settled, CancellationToken cancellationToken)
    {
        if (!IsStarted)
            return Task.CompletedTask;

        link.Inbox.Post();
        return settled.WaitAsync(cancellationToken);
    }

    /// <summary>Removes a subscription, and what is queued for it. No run begins meanwhile, so that none can revive it.</summary>
    public void Remove(Subscription subscription)
    {
        lock (_sync)
        {
            _ = channels.Remove(subscription);
            _ = subscription.EndAsync(discard: true);
        }

        link.Inbox.Post();
    }

    /// <summary>Removes the callbacks of a channel that have no handle of their own, and what is queued for them. No run begins meanwhile.</summary>
    /// <returns>Completes when the server no longer listens to the channel, if nothing else uses it.</returns>
    public Task Clear(string channel)
    {
        lock (_sync)
        {
            var (removed, settled) = channels.Clear(channel);
            foreach (var subscription in removed)
                _ = subscription.EndAsync(discard: true);
            return settled;
        }
    }

    private async Task EndCoreAsync(ListenerRun run, bool isDispatching)
    {
        owner.EndRun(run.Number);
        link.Inbox.Abandon();
        try
        {
            await run.StopAsync(channels, isDispatching, options.Current.DrainTimeout, time, logger).ConfigureAwait(false);
        }
        finally
        {
            link.CloseIdle();
            lock (_sync)
            {
                SetDispatching(false);
                _run = null;
                owner.Stopped();
            }
        }

        logger.Stopped();
    }

    private void SetDispatching(bool value)
    {
        _isDispatching = value;
        foreach (var subscription in channels.All)
            subscription.SetPaused(!value);
    }

    /// <summary>Names the public type, which is what the caller has disposed of.</summary>
    private static ObjectDisposedException Disposed() => new("PgListener.Listener");
}
