using PgListener.Telemetry;

namespace PgListener.Subscriptions;

/// <summary>Calls one subscription's callback for one notification or gap, with its time limit and its span, and reports exceptions.</summary>
internal sealed class CallbackCalls(string name, string channel, NotificationCallback callback, SubscriptionCounters counters, SubscriptionLog log, SubscriptionContext context)
{
    private readonly CallTelemetry _telemetry = new(channel, name, log, context);

    /// <summary>Calls it for a notification.</summary>
    public async ValueTask CallAsync(QueueItem item, SubscriptionOptions options, CancellationToken abort)
    {
        using var limit = new CallLimit(options.Timeout, context.Time, abort);
        var call = default(CallTelemetry.Call);
        string? error = null;
        try
        {
            var notification = item.ToNotification();
            call = _telemetry.Begin(ref notification);
            await callback(new NotificationContext(notification, context.OpenConnection), limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            error = PgListenerTags.Cancelled;
            log.CanceledAtStop();
        }
        catch (OperationCanceledException e) when (limit.IsOver)
        {
            error = PgListenerTags.Timeout;
            log.TimedOut(e, limit.After);
        }
        catch (MalformedPayloadException e)
        {
            error = ErrorType.Of(e.InnerException!); // It was logged where it occurred.
        }
        catch (Exception e)
        {
            // The user's code may throw anything, which must not affect the notifications after this one.
            error = ErrorType.Of(e);
            log.Failed(e, error);
        }

        if (error is not null)
            counters.Fail(error);
        _telemetry.End(call, error);
    }

    /// <summary>Calls it for a gap.</summary>
    /// <returns>The kind of the error; <see langword="null"/> if it succeeded, or the subscription is not told of gaps.</returns>
    public async Task<string?> ResyncAsync(Gap gap, SubscriptionOptions options, CancellationToken abort)
    {
        if (options.OnResync is not { } onResync)
            return null;

        using var limit = new CallLimit(options.Timeout, context.Time, abort);
        var call = default(CallTelemetry.Call);
        string? error = null;
        try
        {
            var resync = gap.ToResync();
            call = _telemetry.Begin(resync);
            await onResync(resync, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            error = PgListenerTags.Cancelled;
            log.CanceledAtStop();
        }
        catch (Exception e)
        {
            error = e is OperationCanceledException && limit.IsOver ? PgListenerTags.Timeout : ErrorType.Of(e);
            log.ResyncFailed(e, error);
        }

        _telemetry.End(call, error);
        return error;
    }
}
