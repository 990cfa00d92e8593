using System.Diagnostics;
using System.Globalization;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace PgListener.Telemetry;

/// <summary>Creates spans, by OpenTelemetry's conventions for messaging. There are none unless they are collected.</summary>
internal static class Tracing
{
    private static readonly ActivitySource Source = new(PgListenerDiagnostics.ActivitySourceName, PgListenerDiagnostics.Version);

    public static bool IsOn => Source.HasListeners();

    /// <summary>Begins the span of a call for a notification. The sender's span is linked, and is not the parent: many listeners may get one notification, much later.</summary>
    public static Activity? StartProcess(string channel, string subscription, string listener, string? server, in ActivityContext sender)
        => Source.StartActivity(
            $"{PgListenerTags.Process} {channel}",
            ActivityKind.Consumer,
            parentContext: default,
            WithServer(SubscriptionTags.Of(listener, channel, subscription, PgListenerTags.Process), server),
            sender == default ? null : [new(sender)]);

    /// <summary>Begins the span of a call for a gap.</summary>
    public static Activity? StartResync(string channel, string subscription, string listener, string? server, ResyncReason reason)
        => Source.StartActivity(
            $"resync {channel}",
            ActivityKind.Internal,
            parentContext: default,
            WithServer(SubscriptionTags.Of(listener, channel, subscription, operation: null, new Tag(PgListenerTags.GapReason, SubscriptionTags.NameOf(reason))), server));

    /// <summary>Begins the span of a publish, as a child of the current one.</summary>
    public static Activity? StartSend(string channel, int count, string publisher, string? server)
    {
        if (!IsOn)
            return null;

        var tags = count > 1
            ? SubscriptionTags.Of(publisher, channel, subscription: null, PgListenerTags.Send, new Tag(PgListenerTags.BatchSize, count))
            : SubscriptionTags.Of(publisher, channel, subscription: null, PgListenerTags.Send);
        return Source.StartActivity($"{PgListenerTags.Send} {channel}", ActivityKind.Producer, parentContext: default, WithServer(tags, server));
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

    private static List<Tag> WithServer(IEnumerable<Tag> tags, string? server)
    {
        List<Tag> all = [.. tags];
        if (server?.LastIndexOf(':') is > 0 and var colon && int.TryParse(server.AsSpan(colon + 1), CultureInfo.InvariantCulture, out var port))
        {
            all.Add(new(PgListenerTags.ServerAddress, server[..colon]));
            all.Add(new(PgListenerTags.ServerPort, port));
        }

        return all;
    }
}
