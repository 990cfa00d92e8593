using System.Diagnostics;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace PgListener.Telemetry;

/// <summary>Creates spans, by OpenTelemetry's conventions for messaging. There are none unless they are collected.</summary>
internal static class Tracing
{
    public static ActivitySource Source { get; } = new(PgListenerDiagnostics.ActivitySourceName, PgListenerDiagnostics.Version);

    public static bool IsOn => Source.HasListeners();

    /// <summary>Begins the span of a call for a gap.</summary>
    public static Activity? StartResync(string channel, string subscription, string listener, string? server, ResyncReason reason)
        => Source.StartActivity(
            $"resync {channel}",
            ActivityKind.Internal,
            parentContext: default,
            [.. SubscriptionTags.Of(listener, channel, subscription, operation: null, new Tag(PgListenerTags.GapReason, SubscriptionTags.NameOf(reason))), .. SubscriptionTags.OfServer(server)]);

    /// <summary>Begins the span of a publish, as a child of the current one.</summary>
    public static Activity? StartSend(string channel, int count, string publisher, string? server)
    {
        if (!IsOn)
            return null;

        var tags = count > 1
            ? SubscriptionTags.Of(publisher, channel, subscription: null, PgListenerTags.Send, new Tag(PgListenerTags.BatchSize, count))
            : SubscriptionTags.Of(publisher, channel, subscription: null, PgListenerTags.Send);
        return Source.StartActivity($"{PgListenerTags.Send} {channel}", ActivityKind.Producer, parentContext: default, [.. tags, .. SubscriptionTags.OfServer(server)]);
    }

    /// <summary>Ends a span. The exception itself is in the log or is thrown to the caller; its message may contain more than a trace should.</summary>
    public static void End(Activity? activity, string? errorType)
    {
        if (activity is null)
            return;

        if (errorType is not null)
            activity.SetTag(PgListenerTags.ErrorType, errorType).SetStatus(ActivityStatusCode.Error);
        activity.Dispose();
    }
}
