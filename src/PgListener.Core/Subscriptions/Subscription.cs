namespace PgListener.Subscriptions;

/// <summary>Somebody who wants the notifications of one channel, or of all channels the listener listens to.</summary>
/// <param name="channel">The channel; <see langword="null"/> for all.</param>
/// <param name="callback">What to call; <see langword="null"/> for a reader, who takes for himself.</param>
/// <param name="options">Its settings.</param>
/// <param name="context">What it shares with others.</param>
internal sealed class Subscription(string? channel, NotificationCallback? callback, SubscriptionOptions options, SubscriptionContext context)
{
    private readonly SubscriptionCounters _counters = options.Counters ?? new();
    private readonly string _name = options.Name ?? (callback is null ? "A reader" : CallbackName.Of(callback));
    private volatile SubscriptionOptions _options = options;
    private volatile SubscriptionQueue? _queue;
    private CallbackPump? _pump;
    private bool _wasLive;

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

    /// <summary>What it has had to do so far.</summary>
    public SubscriptionStatistics Statistics
    {
        get
        {
            var (held, bytes, limits) = _queue?.Fill ?? (0, 0, Limits());
            return new()
            {
                Name = _name,
                Channel = channel,
                Received = _counters.Received,
                Processed = _counters.Processed,
                Failed = _counters.Failed,
                Dropped = _counters.Dropped,
                Gaps = _counters.Gaps,
                Queued = held,
                QueuedBytes = bytes,
                QueueCapacity = limits.Capacity,
                QueueCapacityBytes = limits.CapacityBytes,
            };
        }
    }

    /// <summary>Begins a run of the listener, with a queue that nobody of an earlier run knows.</summary>
    /// <param name="isPaused">Whether callbacks are not to be called yet.</param>
    /// <param name="abort">Cancels what a stop cannot wait for.</param>
    public SubscriptionQueue Begin(bool isPaused, CancellationToken abort)
    {
        var queue = new SubscriptionQueue(channel ?? "", _name, Limits(), _counters, context);
        _wasLive = false;
        if (callback is not null)
        {
            queue.SetPaused(isPaused);
            _pump = new(_name, channel ?? "", queue, callback, _options, _counters, context);
            _pump.Start(abort);
        }

        return _queue = queue;
    }

    /// <summary>Makes what the settings say now hold for this run too. Called with the same lock held as <see cref="Begin"/>.</summary>
    /// <param name="own">The settings of its own, but for its name and who hears of gaps; those it has when left out.</param>
    public void Change(HandlerOptions? own = null)
    {
        if (own is not null)
            _options = new(own) { Name = _options.Name, OnResync = _options.OnResync };
        _queue?.Change(Limits());
        _pump?.Change(_options);
    }

    /// <summary>Takes no more in for this run; what is queued is dealt with, unless it is discarded.</summary>
    /// <returns>Completes when the last call has returned.</returns>
    public Task EndAsync(bool discard)
    {
        _queue?.Complete(discard);
        return _pump?.WhenEndedAsync() ?? Task.CompletedTask;
    }

    /// <summary>From now on it hears: tells it what it may have missed. Called before its first notification of each session.</summary>
    public void GoLive()
    {
        if (_options.OnResync is not null)
            _queue?.EnqueueGap(_wasLive ? ResyncReason.Reconnected : ResyncReason.Started, _wasLive ? context.LastGood.Value : null);
        _wasLive = true;
    }

    private QueueLimits Limits() => QueueLimits.From(context.Options.Current, _options);
}
