namespace PgListener.Subscriptions;

/// <summary>A consumer of the notifications of one channel, or of all channels that the listener listens to.</summary>
/// <param name="channel">The channel; <see langword="null"/> for all.</param>
/// <param name="callback">The callback; <see langword="null"/> for a reader, which takes items by itself.</param>
/// <param name="options">The settings.</param>
/// <param name="context">What it shares with others.</param>
internal sealed class Subscription(string? channel, NotificationCallback? callback, SubscriptionOptions options, SubscriptionContext context)
{
    private readonly Lock _sync = new();
    private readonly SubscriptionCounters _counters = CountersOf(options, context.Time);
    private readonly string _name = options.Name ?? (callback is null ? "A reader" : CallbackName.Of(callback));
    private volatile SubscriptionOptions _options = options;
    private volatile SubscriptionQueue? _queue;
    private volatile CallbackPump? _pump;
    private SubscriptionLog? _log;
    private CancellationToken _abort;
    private bool _isOpen;
    private bool _isPaused;
    private bool _wasLive;
    private bool _isRemoved;

    public string? Channel => channel;

    /// <summary>The series that its counts are summed up in.</summary>
    public (string? Channel, string Name) Key => (channel, _name);

    public SubscriptionCounters Counters => _counters;

    /// <summary>Whether nothing is left to count. Valid after it was removed.</summary>
    public bool HasEnded => _pump?.HasEnded ?? _queue?.IsOver ?? true;

    public bool IsReader => callback is null;

    /// <summary>Whether gaps are announced to it.</summary>
    public bool HearsGaps { get; } = options.OnResync is not null || options.ReadsGaps;

    /// <summary>Whether it is removed when its channel's callbacks are cleared; one with its own handle is not.</summary>
    public bool IsCleared { get; init; }

    /// <summary>
    /// Its queue in the current run of the listener; <see langword="null"/> if it does not take part in one. It is made when it is first asked for, because
    /// of many channels most are silent, and the server waits until all of them have begun.
    /// </summary>
    public SubscriptionQueue? Queue => _queue ?? Open();

    /// <summary>How much its queue holds, and how much it may hold.</summary>
    public (int Held, long HeldBytes, QueueLimits Limits) Fill => _queue?.Fill ?? (0, 0, Limits());

    /// <summary>Its calls that hang now; <see langword="null"/> if none does. One that a stop has left behind counts until the next run.</summary>
    public HangingCalls? Hanging => _pump?.Hanging;

    /// <summary>Its counts and its queue.</summary>
    public SubscriptionStatistics Statistics
    {
        get
        {
            var (held, bytes, limits) = Fill;
            var hanging = Hanging;
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
                Hanging = hanging?.Count ?? 0,
                HangingSince = hanging?.Since,
            };
        }
    }

    /// <summary>It was added to the table of channels.</summary>
    public void Add() => context.Series.Add(this);

    /// <summary>It was removed from the table of channels. This is final: a run that begins at this moment does not revive it.</summary>
    public void Remove()
    {
        lock (_sync)
            _isRemoved = true;
        context.Series.Remove(this);
    }

    /// <summary>Begins a run of the listener, with nothing that an earlier run refers to. A removed subscription begins nothing.</summary>
    /// <param name="isPaused">Whether callbacks are not to be called yet.</param>
    /// <param name="abort">Cancels what the stop does not wait for.</param>
    public void Begin(bool isPaused, CancellationToken abort)
    {
        lock (_sync)
        {
            if (_isRemoved)
                return;

            CloseLog();
            _log = null;
            _pump = null;
            _queue = null;
            _abort = abort;
            _wasLive = false;
            _isPaused = isPaused;
            _isOpen = true;
        }
    }

    /// <summary>Pauses or resumes its callback. A reader decides by itself.</summary>
    public void SetPaused(bool value)
    {
        lock (_sync)
        {
            _isPaused = value;
            if (!IsReader)
                _queue?.SetPaused(value);
        }
    }

    /// <summary>Applies the current settings to this run.</summary>
    /// <param name="own">Its own settings, except its name and <c>OnResync</c>; its present ones when left out.</param>
    public void Change(HandlerOptions? own = null)
    {
        lock (_sync)
        {
            if (own is not null)
                _options = new(own) { Name = _options.Name, OnResync = _options.OnResync, ReadsGaps = _options.ReadsGaps, MeansEverything = _options.MeansEverything };
            _queue?.Change(Limits());
            _pump?.Change(_options);
        }
    }

    /// <summary>Accepts no more in this run; queued items are handled, unless they are discarded.</summary>
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
            _isOpen = false;
            discarded = _queue?.Complete(discard) ?? 0;
            if (_pump is null)
                CloseLog();
            ended = _pump?.WhenEndedAsync() ?? Task.CompletedTask;
        }

        if (!isRemoved) // Queued notifications of a removed subscription are not reported.
            log?.DiscardedAtStop(discarded);
        return ended;
    }

    /// <summary>Announces what it may have missed, before its first notification of each session.</summary>
    public void GoLive()
    {
        if (HearsGaps)
            Queue?.EnqueueGap(_wasLive ? ResyncReason.Reconnected : ResyncReason.Started, _wasLive ? context.LastGood.Timestamp : null);
        else if (_wasLive)
            context.Unheard.Note(_name, channel ?? "");
        _wasLive = true;
    }

    /// <summary>Makes the queue, and what empties it.</summary>
    private SubscriptionQueue? Open()
    {
        lock (_sync)
        {
            if (!_isOpen || _queue is not null)
                return _queue;

            var log = new SubscriptionLog(_name, channel ?? "", HearsGaps, context.Logger, context.Time);
            var queue = new SubscriptionQueue(channel ?? "", Limits(), _counters, log, context) { MeansEverything = _options.MeansEverything, HearsGaps = HearsGaps };
            if (callback is not null)
            {
                queue.SetPaused(_isPaused);
                _pump = new(_name, channel ?? "", queue, _options, new(_name, channel ?? "", callback, _counters, log, context), log, context);
                _pump.Start(_abort);
            }

            _log = log;
            return _queue = queue;
        }
    }

    private void CloseLog()
    {
        if (_log is not null)
            CloseElsewhere(_log);
    }

    /// <summary>Logs the outstanding lines on another thread, because locks are held here and a logger may be slow.</summary>
    private static void CloseElsewhere(SubscriptionLog log) => _ = DetachedTask.Run(() =>
    {
        log.Dispose();
        return Task.CompletedTask;
    });

    private QueueLimits Limits() => QueueLimits.From(context.Options.Current, _options, IsReader);

    private static SubscriptionCounters CountersOf(SubscriptionOptions options, TimeProvider time)
    {
        var counters = new SubscriptionCounters(time);
        if (options.Failures is { } failures)
            failures.Count = counters.Fail;
        return counters;
    }
}
