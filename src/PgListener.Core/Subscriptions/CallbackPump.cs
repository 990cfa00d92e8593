using PgListener.Telemetry;

namespace PgListener.Subscriptions;

/// <summary>Takes notifications and gaps from one subscription's queue and has its callback called, in order, or a few at a time.</summary>
internal sealed class CallbackPump
{
    /// <summary>The pump that called the running code, if one did.</summary>
    private static readonly AsyncLocal<CallbackPump?> Caller = new();

    private readonly string _name;
    private readonly string _channel;
    private readonly SubscriptionQueue _queue;
    private readonly SubscriptionLog _log;
    private readonly SubscriptionContext _context;
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CallSlots _slots;
    private readonly GapCalls _gaps;
    private readonly OrderedCalls _ordered;
    private readonly ConcurrentCalls _concurrent;
    private readonly Func<SubscriptionOptions> _currentOptions;

    /// <summary>Read anew for each call: others may take its place at any time.</summary>
    private volatile SubscriptionOptions _options;
    private CancellationToken _abort;
    private Task _running = Task.CompletedTask;

    public CallbackPump(string name, string channel, SubscriptionQueue queue, SubscriptionOptions options, CallbackCalls calls, SubscriptionLog log, SubscriptionContext context)
    {
        _name = name;
        _channel = channel;
        _queue = queue;
        _log = log;
        _context = context;
        _options = options;
        _currentOptions = () => _options;
        _slots = new(options.MaxConcurrency);
        _gaps = new(queue, calls, log, context);
        _ordered = new(queue, calls, _gaps);
        _concurrent = new(queue, calls, _slots);
    }

    /// <summary>Whether the last call has returned.</summary>
    public bool HasEnded => _running.IsCompleted;

    /// <inheritdoc cref="GapCalls.Failure"/>
    public ResyncFailure? ResyncFailure => _gaps.Failure;

    /// <summary>
    /// The running code is about to wait for the stop of a listener. If one of that run's own calls runs it, the stop must not wait for
    /// that call in turn; a call of another listener is none of its business.
    /// </summary>
    /// <param name="abort">Tells the run.</param>
    public static void ReleaseCaller(CancellationToken abort)
    {
        if (Caller.Value is { } pump && pump._abort == abort)
            pump._released.TrySetResult();
    }

    /// <summary>Starts to wait for something to take. It ends once the queue is completed and empty, or with the token.</summary>
    public void Start(CancellationToken abort)
    {
        _abort = abort;
        _running = DetachedTask.Begin(WaitAndRunAsync);
    }

    /// <summary>From now on calls are made with these settings; those that run end with theirs.</summary>
    public void Change(SubscriptionOptions options)
    {
        _options = options;
        _slots.Resize(options.MaxConcurrency);
    }

    /// <summary>Completes when the last call has returned, or waits for the stop itself.</summary>
    public Task WhenEndedAsync() => Task.WhenAny(_running, _released.Task);

    /// <summary>A task for each of the pumps at their start would take long: ten thousand channels are ten thousand pumps.</summary>
    private async Task WaitAndRunAsync()
    {
        await _queue.WaitToReadAsync().ConfigureAwait(false);
        await RunAsync(_abort).ConfigureAwait(false);
    }

    private async Task RunAsync(CancellationToken abort)
    {
        Caller.Value = this;

        // Once for all calls, which inherit it: so it costs none of them anything.
        using var scope = _context.Logger.CallScope(_name, _channel.ReplaceLineEndings(" "));
        while (await _queue.WaitToReadAsync().ConfigureAwait(false) && !abort.IsCancellationRequested)
        {
            if (_slots.IsIdle && _options.MaxConcurrency == 1)
                await _ordered.RunBatchAsync(_currentOptions, abort).ConfigureAwait(false);
            else if (_queue.IsGapNext)
                await RunGapAloneAsync(abort).ConfigureAwait(false);
            else if (_options.MaxConcurrency > 1)
                await _concurrent.BeginOneAsync(_currentOptions, abort).ConfigureAwait(false);
            else
                await _slots.WhenIdleAsync().ConfigureAwait(false); // The setting was above 1 just now: in order again once the others have ended.
        }

        // Those still in work are waited for here, so that waiting for the pump is waiting for them too: before the rest is
        // discarded, if there is time, since one that was taken may not have begun yet.
        if (!abort.IsCancellationRequested)
            await _slots.WhenIdleAsync().ConfigureAwait(false);
        _log.DiscardedAtStop(_queue.Complete(discard: true));
        await _slots.WhenIdleAsync().ConfigureAwait(false);
        _log.Dispose();
    }

    /// <summary>A gap keeps its place: it is taken once all that came before it has ended, and what comes after begins later.</summary>
    private async Task RunGapAloneAsync(CancellationToken abort)
    {
        await _slots.WhenIdleAsync().ConfigureAwait(false);
        if (_queue.IsGapNext && !_queue.IsHalted)
            await _ordered.RunBatchAsync(_currentOptions, abort).ConfigureAwait(false);
    }
}
