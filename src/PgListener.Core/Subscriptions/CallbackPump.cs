using PgListener.Telemetry;

namespace PgListener.Subscriptions;

/// <summary>Takes notifications and gaps from one subscription's queue, and calls its callback for them: in order, or several at a time.</summary>
internal sealed class CallbackPump
{
    /// <summary>The pump that called the running code, if one did.</summary>
    private static readonly AsyncLocal<CallbackPump?> Caller = new();

    private readonly string _name;
    private readonly string _channel;
    private readonly SubscriptionQueue _queue;
    private readonly CallbackCalls _calls;
    private readonly SubscriptionLog _log;
    private readonly SubscriptionContext _context;
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CallSlots _slots;
    private readonly GapCalls _gaps;
    private readonly OrderedCalls _ordered;
    private readonly ConcurrentCalls _concurrent;
    private readonly Func<SubscriptionOptions> _currentOptions;

    /// <summary>Read for each call, because it may be replaced at any time.</summary>
    private volatile SubscriptionOptions _options;
    private CancellationToken _abort;
    private Task _running = Task.CompletedTask;

    public CallbackPump(string name, string channel, SubscriptionQueue queue, SubscriptionOptions options, CallbackCalls calls, SubscriptionLog log, SubscriptionContext context)
    {
        _name = name;
        _channel = channel;
        _queue = queue;
        _calls = calls;
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

    /// <inheritdoc cref="CallLimits.Hanging"/>
    public HangingCalls? Hanging => _calls.Hanging;

    /// <summary>
    /// The running code is about to wait for the stop of a listener. If it runs in a call of that listener, the stop must not wait for
    /// that call in turn. A call of another listener does not matter.
    /// </summary>
    /// <param name="abort">Identifies the run.</param>
    public static void ReleaseCaller(CancellationToken abort)
    {
        if (Caller.Value is { } pump && pump._abort == abort)
            pump._released.TrySetResult();
    }

    /// <summary>Starts waiting for something to take. It ends when the queue is completed and empty, or with the token.</summary>
    public void Start(CancellationToken abort)
    {
        _abort = abort;
        _running = DetachedTask.Begin(WaitAndRunAsync);
    }

    /// <summary>Uses these settings for further calls; running calls keep theirs.</summary>
    public void Change(SubscriptionOptions options)
    {
        _options = options;
        _slots.Resize(options.MaxConcurrency);
    }

    /// <summary>Completes when the last call has returned, or waits for the stop itself.</summary>
    public Task WhenEndedAsync() => Task.WhenAny(_running, _released.Task);

    /// <summary>A task for each pump at its start would take long: ten thousand channels have ten thousand pumps.</summary>
    private async Task WaitAndRunAsync()
    {
        await _queue.WaitToReadAsync().ConfigureAwait(false);
        await RunAsync(_abort).ConfigureAwait(false);
    }

    private async Task RunAsync(CancellationToken abort)
    {
        Caller.Value = this;

        // Set once; all calls inherit it, so it costs nothing for each.
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
                await _slots.WhenIdleAsync().ConfigureAwait(false); // The setting was above 1 before. Calls are in order again when the others have ended.
        }

        // Calls in progress are awaited here, so that awaiting the pump also awaits them. This comes before the rest is
        // discarded, if there is time, because a call for a taken item may not have begun yet.
        if (!abort.IsCancellationRequested)
            await _slots.WhenIdleAsync().ConfigureAwait(false);
        _log.DiscardedAtStop(_queue.Complete(discard: true));
        await _slots.WhenIdleAsync().ConfigureAwait(false);
        _calls.Dispose();
        _log.Dispose();
    }

    /// <summary>A gap keeps its place: it is taken when all calls before it have ended, and those after it begin later.</summary>
    private async Task RunGapAloneAsync(CancellationToken abort)
    {
        await _slots.WhenIdleAsync().ConfigureAwait(false);
        if (_queue.IsGapNext && !_queue.IsHalted)
            await _ordered.RunBatchAsync(_currentOptions, abort).ConfigureAwait(false);
    }
}
