using System.Buffers;
using PgListener.Telemetry;

namespace PgListener.Subscriptions;

/// <summary>Takes notifications from one subscription's queue and calls its callback, in order, or a few at a time.</summary>
internal sealed class CallbackPump(string name, string channel, SubscriptionQueue queue, NotificationCallback callback, SubscriptionOptions options, SubscriptionCounters counters, SubscriptionContext context)
{
    private const int BatchSize = 64;

    /// <summary>The pump that called the running code, if one did.</summary>
    private static readonly AsyncLocal<CallbackPump?> Caller = new();

    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CallTelemetry _telemetry = new(channel, name, context);
    private readonly CallSlots _slots = new(options.MaxConcurrency);

    /// <summary>Read anew for each call: others may take its place at any time.</summary>
    private volatile SubscriptionOptions _options = options;
    private Task _running = Task.CompletedTask;

    /// <summary>The running code is about to wait for the stop of its own listener, which must not wait for it in turn.</summary>
    public static void ReleaseCaller() => Caller.Value?._released.TrySetResult();

    /// <summary>Starts to wait for something to take. It ends once the queue is completed and empty, or with the token.</summary>
    public void Start(CancellationToken abort) => _running = DetachedTask.Begin(() => WaitAndRunAsync(abort));

    /// <summary>From now on calls are made with these settings; those that run end with theirs.</summary>
    public void Change(SubscriptionOptions options)
    {
        _options = options;
        _slots.Resize(options.MaxConcurrency);
    }

    /// <summary>Whether the last call has returned.</summary>
    public bool HasEnded => _running.IsCompleted;

    /// <summary>Completes when the last call has returned, or waits for the stop itself.</summary>
    public Task WhenEndedAsync() => Task.WhenAny(_running, _released.Task);

    /// <summary>A task for each of the pumps at their start would take long: ten thousand channels are ten thousand pumps.</summary>
    private async Task WaitAndRunAsync(CancellationToken abort)
    {
        await queue.WaitToReadAsync().ConfigureAwait(false);
        await RunAsync(abort).ConfigureAwait(false);
    }

    private async Task RunAsync(CancellationToken abort)
    {
        Caller.Value = this;

        // Once for all calls, which inherit it: so it costs none of them anything.
        using var scope = context.Logger.CallScope(name, channel.ReplaceLineEndings(" "));
        while (await queue.WaitToReadAsync().ConfigureAwait(false) && !abort.IsCancellationRequested)
        {
            if (_options.MaxConcurrency > 1)
                await RunConcurrentAsync(abort).ConfigureAwait(false);
            else if (_slots.IsIdle)
                await RunBatchAsync(abort).ConfigureAwait(false);
            else
                await WhenSlotIsFreeAsync().ConfigureAwait(false); // The setting was above 1 just now: in order again once the others have ended.
        }

        // Those still in work are waited for here, so that whoever waits for the pump waits for them too: before the rest is
        // discarded, if there is time, since one that was taken may not have begun yet.
        if (!abort.IsCancellationRequested)
            await _slots.WhenIdleAsync().ConfigureAwait(false);
        if (queue.Complete(discard: true) is > 0 and var discarded)
            context.Logger.DiscardedAtStop(name, discarded);
        await _slots.WhenIdleAsync().ConfigureAwait(false);
    }

    private async Task RunBatchAsync(CancellationToken abort)
    {
        var items = ArrayPool<QueueItem>.Shared.Rent(BatchSize);
        var taken = queue.Take(items.AsSpan(0, BatchSize));
        var done = 0;
        var notifications = 0;
        var bytes = 0L;
        for (; done < taken && !queue.IsHalted && !abort.IsCancellationRequested && _options.MaxConcurrency == 1; done++)
        {
            var call = CallAsync(items[done], abort);
            var wasQuick = call.IsCompletedSuccessfully;
            await call.ConfigureAwait(false);
            if (items[done].Gap is null)
            {
                notifications++;
                bytes += items[done].Size;
            }

            // Quick ones give their room back together; the lock would cost more than the call.
            if (!wasQuick)
            {
                queue.Release(notifications, bytes);
                (notifications, bytes) = (0, 0);
            }
        }

        queue.Release(notifications, bytes);
        queue.PutBack(items.AsSpan(done, taken - done));
        ArrayPool<QueueItem>.Shared.Return(items, clearArray: true);
    }

    private async Task RunConcurrentAsync(CancellationToken abort)
    {
        await _slots.TakeAsync().ConfigureAwait(false);
        if (!TryTakeOne(out var item))
        {
            _slots.GiveBack();
        }
        else if (item.Gap is null)
        {
            _ = CallAndReleaseAsync(item, abort);
        }
        else
        {
            // A gap keeps its place: what came before it ends first, and what comes after begins later.
            _slots.GiveBack();
            await _slots.WhenIdleAsync().ConfigureAwait(false);
            if (queue.IsHalted)
                queue.PutBack([item]);
            else
                await CallAsync(item, abort).ConfigureAwait(false);
        }
    }

    private async Task WhenSlotIsFreeAsync()
    {
        await _slots.TakeAsync().ConfigureAwait(false);
        _slots.GiveBack();
    }

    private bool TryTakeOne(out QueueItem item)
    {
        item = default;
        return queue.Take(new Span<QueueItem>(ref item)) > 0;
    }

    private async Task CallAndReleaseAsync(QueueItem item, CancellationToken abort)
    {
        // Off the pump's own stack: a callback that does not yield must not keep the pump from starting the next one.
        await Task.Yield();
        if (queue.IsHalted)
        {
            queue.PutBack([item]);
        }
        else
        {
            await CallAsync(item, abort).ConfigureAwait(false);
            queue.Release(1, item.Size);
        }

        _slots.GiveBack();
    }

    private async ValueTask CallAsync(QueueItem item, CancellationToken abort)
    {
        var limit = _options.Timeout is { } timeout ? new TimeLimit(timeout, context.Time) : null;
        var linked = limit is null ? null : CancellationTokenSource.CreateLinkedTokenSource(limit.Token, abort);
        var token = linked?.Token ?? abort;
        var call = default(CallTelemetry.Call);
        string? error = null;
        try
        {
            if (item.Gap is { } gap)
            {
                var resync = gap.ToResync();
                call = _telemetry.Begin(resync);
                await (_options.OnResync?.Invoke(resync, token) ?? Task.CompletedTask).ConfigureAwait(false);
            }
            else
            {
                var notification = item.ToNotification();
                call = _telemetry.Begin(ref notification);
                await callback(new NotificationContext(notification, context.OpenConnection), token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            error = PgListenerTags.Cancelled;
            context.Logger.CanceledAtStop(name, item.Channel.ReplaceLineEndings(" "));
        }
        catch (OperationCanceledException e) when (limit is { IsCancellationRequested: true })
        {
            error = PgListenerTags.Timeout;
            context.Logger.CallbackTimedOut(e, name, item.Channel.ReplaceLineEndings(" "), limit.After);
        }
        catch (Exception e)
        {
            // The user's code may throw anything; the notifications after this one are not to suffer for it.
            error = ErrorType.Of(e);
            LogFailure(e, item);
        }
        finally
        {
            linked?.Dispose();
            limit?.Dispose();
        }

        if (error is not null && item.Gap is null)
            counters.Fail(error);
        _telemetry.End(call, error);
    }

    private void LogFailure(Exception error, in QueueItem item)
    {
        if (item.Gap is not null)
            context.Logger.ResyncFailed(error, name, item.Channel.ReplaceLineEndings(" "));
        else if (error is not MalformedPayloadException)
            context.Logger.CallbackFailed(error, name, item.Channel.ReplaceLineEndings(" "));
    }
}
