using PgListener.Telemetry;

namespace PgListener.Subscriptions;

/// <summary>Calls one subscription's callback for one notification or gap, with its time limit and its span, and reports exceptions.</summary>
internal sealed class CallbackCalls(string name, string channel, NotificationCallback callback, SubscriptionCounters counters, SubscriptionLog log, SubscriptionContext context) : IDisposable
{
    private readonly CallTelemetry _telemetry = new(channel, name, log, context);
    private readonly CallLimits _limits = new(log, context.Time);

    /// <inheritdoc cref="CallLimits.Hanging"/>
    public HangingCalls? Hanging => _limits.Hanging;

    /// <summary>Calls it for a notification.</summary>
    /// <remarks>Not an async method, which would cost more than the rest: most calls have completed when they return.</remarks>
    public ValueTask CallAsync(in QueueItem item, SubscriptionOptions options, CancellationToken abort)
    {
        var limit = _limits.Begin(options.Timeout, abort);
        var call = default(CallTelemetry.Call);
        var ambient = ExecutionContext.Capture();
        Task? running;
        try
        {
            var notification = item.ToNotification();
            call = _telemetry.Begin(ref notification);
            running = callback(new NotificationContext(notification, context.OpenConnection), limit?.Token ?? abort);
        }
        catch (Exception e)
        {
            running = Task.FromException(e);
        }

        var ended = default(ValueTask);
        if (running is { IsCompletedSuccessfully: true })
            End(item, limit, call, failure: null);
        else
            ended = EndAsync(running!, item, limit, call, abort);

        // What the callback has changed in the ambient context must not reach the next call, as it does not with an async method.
        if (ambient is not null && ambient != ExecutionContext.Capture())
            ExecutionContext.Restore(ambient);
        return ended;
    }

    /// <summary>No further call begins.</summary>
    public void Dispose() => _limits.Dispose();

    /// <summary>Notifies the observer of how a call for a gap has ended.</summary>
    public void TellOfResync(Resync resync, CallFailure? failure) => context.Observer?.Resynced(name, counters, channel, resync, failure);

    /// <summary>Calls it for a gap.</summary>
    /// <returns>Why it failed; <see langword="null"/> if it succeeded, or gaps are not announced to the subscription.</returns>
    public async Task<CallFailure?> ResyncAsync(Resync resync, SubscriptionOptions options, CancellationToken abort)
    {
        if (options.OnResync is not { } onResync)
            return null;

        var limit = _limits.Begin(options.Timeout, abort);
        var call = default(CallTelemetry.Call);
        CallFailure? failure = null;
        try
        {
            call = _telemetry.Begin(resync);
            await onResync(resync, limit?.Token ?? abort).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (abort.IsCancellationRequested)
        {
            failure = new(PgListenerTags.Cancelled, e);
            log.CanceledAtStop();
        }
        catch (Exception e)
        {
            var error = e is OperationCanceledException && limit is { IsOver: true } ? PgListenerTags.Timeout : ErrorType.Of(e);
            failure = new(error, e);
            log.ResyncFailed(e, error);
        }
        finally
        {
            limit?.Dispose();
        }

        _telemetry.End(call, failure?.ErrorType);
        return failure;
    }

    private async ValueTask EndAsync(Task running, QueueItem item, CallLimit? limit, CallTelemetry.Call call, CancellationToken abort)
    {
        CallFailure? failure = null;
        try
        {
            await running.ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (abort.IsCancellationRequested)
        {
            failure = new(PgListenerTags.Cancelled, e);
            log.CanceledAtStop();
        }
        catch (OperationCanceledException e) when (limit is { IsOver: true })
        {
            failure = new(PgListenerTags.Timeout, e);
            log.TimedOut(e, limit.After);
        }
        catch (MalformedPayloadException e)
        {
            failure = new(ErrorType.Of(e.InnerException!), e); // It was logged where it occurred.
        }
        catch (Exception e)
        {
            // The user's code may throw anything, which must not affect the notifications after this one.
            var error = ErrorType.Of(e);
            failure = new(error, e);
            log.Failed(e, error);
        }

        End(item, limit, call, failure);
    }

    private void End(in QueueItem item, CallLimit? limit, in CallTelemetry.Call call, CallFailure? failure)
    {
        limit?.Dispose();
        if (failure is not null)
            counters.Fail(failure.ErrorType);
        _telemetry.End(call, failure?.ErrorType);
        context.Observer?.Called(name, counters, item.ToNotification(), failure);
    }
}
