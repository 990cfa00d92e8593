namespace PgListener.Subscriptions;

/// <summary>Somebody who wants the notifications of one channel, or of all channels the listener listens to.</summary>
/// <param name="channel">The channel; <see langword="null"/> for all.</param>
/// <param name="callback">What to call; <see langword="null"/> for a reader, which takes by itself.</param>
/// <param name="options">Its settings.</param>
/// <param name="context">What it shares with others.</param>
internal sealed class Subscription(string? channel, NotificationCallback? callback, SubscriptionOptions options, SubscriptionContext context)
{
    private readonly Lock _sync = new();
    private readonly SubscriptionCounters _counters = CountersOf(options, context.Time);
    private readonly string _name = options.Name ?? (callback is null ? "A reader" : CallbackName.Of(callback));
    private readonly bool _hearsGaps = options.OnResync is not null || options.ReadsGaps;
    private volatile SubscriptionOptions _options = options;
    private volatile SubscriptionQueue? _queue;
    private SubscriptionLog? _log;
    private CallbackPump? _pump;
    private bool _wasLive;
    private bool _isRemoved;

    public string? Channel => channel;

    /// <summary>What its counts are summed up by.</summary>
    public (string? Channel, string Name) Key => (channel, _name);

    public SubscriptionCounters Counters => _counters;

    /// <summary>Whether nothing of it is left to count: to be asked once it was removed.</summary>
    public bool HasEnded => _pump?.HasEnded ?? _queue?.IsOver ?? true;

    public bool IsReader => callback is null;

    /// <summary>Whether it goes when its channel's callbacks are cleared; one that has a handle of its own does not.</summary>
    public bool IsCleared { get; init; }

    /// <summary>Where its notifications wait, in the present run of the listener.</summary>
    public SubscriptionQueue? Queue => _queue;

    /// <summary>How much its queue holds, and how much it may hold.</summary>
    public (int Held, long HeldBytes, QueueLimits Limits) Fill => _queue?.Fill ?? (0, 0, Limits());

    /// <summary>What it has had to do so far.</summary>
    public SubscriptionStatistics Statistics
    {
        get
        {
            var (held, bytes, limits) = Fill;
            return new()
            {
                Name = _name,
                Channel = channel,
                Received = _counters.Received,
                Processed = _counters.Processed,
                Failed = _counters.Failed,
                LastFailedAt = _counters.LastFailedAt,
                Dropped = _counters.Dropped,
                LastDroppedAt = _counters.LastDroppedAt,
                Gaps = _counters.Gaps,
                LastGap = _queue?.LastGap,
                Queued = held,
                QueuedBytes = bytes,
                QueueCapacity = limits.Capacity,
                QueueCapacityBytes = limits.CapacityBytes,
                ResyncFailure = _pump?.ResyncFailure,
            };
        }
    }

    /// <summary>It is in the table of channels from now on.</summary>
    public void Add() => context.Series.Add(this);

    /// <summary>It is no longer in the table of channels. This is for good: no run that begins at this moment revives it.</summary>
    public void Remove()
    {
        lock (_sync)
            _isRemoved = true;
        context.Series.Remove(this);
    }

    /// <summary>Begins a run of the listener, with a queue that nothing of an earlier run knows. One that was removed begins nothing.</summary>
    /// <param name="isPaused">Whether callbacks are not to be called yet.</param>
    /// <param name="abort">Cancels what a stop cannot wait for.</param>
    public SubscriptionQueue Begin(bool isPaused, CancellationToken abort)
    {
        var log = new SubscriptionLog(_name, channel ?? "", _hearsGaps, context);
        var queue = new SubscriptionQueue(channel ?? "", Limits(), _counters, log, context);
        lock (_sync)
        {
            if (_isRemoved)
            {
                queue.Complete(discard: true);
                return queue;
            }

            CloseLog();
            _log = log;
            _wasLive = false;
            if (callback is not null)
            {
                queue.SetPaused(isPaused);
                _pump = new(_name, channel ?? "", queue, _options, new(_name, channel ?? "", callback, _counters, log, context), log, context);
                _pump.Start(abort);
            }

            return _queue = queue;
        }
    }

    /// <summary>Makes what the settings say now hold for this run too.</summary>
    /// <param name="own">The settings of its own, but for its name and how it hears of gaps; those it has when left out.</param>
    public void Change(HandlerOptions? own = null)
    {
        lock (_sync)
        {
            if (own is not null)
                _options = new(own) { Name = _options.Name, OnResync = _options.OnResync, ReadsGaps = _options.ReadsGaps };
            _queue?.Change(Limits());
            _pump?.Change(_options);
        }
    }

    /// <summary>Takes no more in for this run; what is queued is dealt with, unless it is discarded.</summary>
    /// <returns>Completes when the last call has returned.</returns>
    public Task EndAsync(bool discard)
    {
        SubscriptionLog? log;
        int discarded;
        bool isRemoved;
        Task ended;
        lock (_sync)
        {
            (log, isRemoved) = (_log, _isRemoved);
            discarded = _queue?.Complete(discard) ?? 0;
            if (_pump is null)
                CloseLog();
            ended = _pump?.WhenEndedAsync() ?? Task.CompletedTask;
        }

        if (!isRemoved) // What is queued for one that was removed is not missed.
            log?.DiscardedAtStop(discarded);
        return ended;
    }

    /// <summary>From now on it hears: tells it what it may have missed. Called before its first notification of each session.</summary>
    public void GoLive()
    {
        if (_hearsGaps)
            _queue?.EnqueueGap(_wasLive ? ResyncReason.Reconnected : ResyncReason.Started, _wasLive ? context.LastGood.Timestamp : null);
        else if (_wasLive)
            context.Unheard.Note(_name, channel ?? "");
        _wasLive = true;
    }

    /// <summary>Says what is left to say, elsewhere: locks are held here that others wait for, and a logger may take its time.</summary>
    private void CloseLog()
    {
        if (_log is { } log)
            _ = DetachedTask.Run(() =>
            {
                log.Dispose();
                return Task.CompletedTask;
            });
    }

    private QueueLimits Limits() => QueueLimits.From(context.Options.Current, _options, IsReader);

    private static SubscriptionCounters CountersOf(SubscriptionOptions options, TimeProvider time)
    {
        var counters = new SubscriptionCounters(time);
        if (options.Failures is { } failures)
            failures.Count = counters.Fail;
        return counters;
    }
}
