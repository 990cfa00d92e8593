using System.Diagnostics;
using PgListener.Telemetry;

using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace PgListener.Subscriptions;

/// <summary>Times and traces the calls of one subscription, if metrics or traces are collected.</summary>
internal sealed class CallTelemetry(string channel, string subscription, SubscriptionLog log, SubscriptionContext context)
{
    private readonly ListenerMetrics? _metrics = context.Metrics;
    private readonly string _listener = context.Metrics?.Name ?? "";
    private readonly ProcessSpan _span = new(context.Metrics?.Name ?? "", channel, subscription);

    /// <summary>The tags of a call that succeeds. Made for the first one, because durations are not always collected.</summary>
    private Tag[]? _success;

    /// <summary>Begins a call for a notification.</summary>
    /// <param name="notification">The notification; the sender's trace context is removed from its payload, if such contexts are expected.</param>
    public Call Begin(ref Notification notification)
    {
        var sender = default(ActivityContext);
        if (context.Options.Current.PropagateTraceContext)
            notification = notification with { Payload = TraceContext.Extract(notification.Payload, out sender) };
        return new(
            Tracing.IsOn ? StartSpan(sender, reason: null) : null,
            _metrics?.ProcessDuration.Enabled == true ? context.Time.GetTimestamp() : null,
            Reason: null);
    }

    /// <summary>Begins a call for a gap.</summary>
    public Call Begin(Resync resync) => new(
        Tracing.IsOn ? StartSpan(sender: default, resync.Reason) : null,
        _metrics?.ResyncDuration.Enabled == true ? context.Time.GetTimestamp() : null,
        resync.Reason);

    /// <summary>Ends a call.</summary>
    public void End(in Call call, string? errorType)
    {
        if (call.Activity is null && call.Started is null)
            return;

        try
        {
            Report(call, errorType);
        }
        catch (Exception e)
        {
            // An observer of metrics or traces may throw anything, which must not affect the notifications.
            log.TelemetryFailed(e);
        }
    }

    private Activity? StartSpan(in ActivityContext sender, ResyncReason? reason)
    {
        try
        {
            return reason is { } why
                ? Tracing.StartResync(channel, subscription, _listener, context.Server(), why)
                : _span.Start(context.Server(), sender);
        }
        catch (Exception e)
        {
            log.TelemetryFailed(e); // As above.
            return null;
        }
    }

    private void Report(in Call call, string? errorType)
    {
        Tracing.End(call.Activity, errorType);
        if (call.Started is not { } started)
            return;

        var took = context.Time.GetElapsedTime(started).TotalSeconds;
        if (call.Reason is { } reason)
        {
            _metrics!.ResyncDuration.Record(took, ResyncTags(reason, errorType));
            return;
        }

        var success = _success ??= SubscriptionTags.Of(_listener, channel, subscription, PgListenerTags.Process);
        _metrics!.ProcessDuration.Record(took, errorType is null ? success : [.. success, new(PgListenerTags.ErrorType, errorType)]);
    }

    private Tag[] ResyncTags(ResyncReason reason, string? errorType)
    {
        var tags = SubscriptionTags.Of(_listener, channel, subscription, operation: null, new Tag(PgListenerTags.GapReason, SubscriptionTags.NameOf(reason)));
        return errorType is null ? tags : [.. tags, new(PgListenerTags.ErrorType, errorType)];
    }

    /// <summary>A call in progress.</summary>
    /// <param name="Activity">Its span, if traces are collected.</param>
    /// <param name="Started">When it began, if durations are collected.</param>
    /// <param name="Reason">Why notifications may have been missed, for a call for a gap.</param>
    public readonly record struct Call(Activity? Activity, long? Started, ResyncReason? Reason);
}
