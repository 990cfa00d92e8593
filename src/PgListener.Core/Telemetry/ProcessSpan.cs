using System.Diagnostics;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace PgListener.Telemetry;

/// <summary>
/// The span of one subscription's calls for notifications. Its name and tags are the same for all of them. They are made once, because a sampler
/// reads them before it is known whether there is a span. Thread-safe.
/// </summary>
/// <param name="listener">The listener's name; empty for one without.</param>
/// <param name="channel">The channel.</param>
/// <param name="subscription">The subscription's name.</param>
internal sealed class ProcessSpan(string listener, string channel, string subscription)
{
    /// <summary>Made for the first span, because most subscriptions are never traced.</summary>
    private volatile Content? _content;

    /// <summary>Begins the span of a call. The sender's span is linked, and is not the parent: many listeners may get one notification, much later.</summary>
    /// <param name="server">The server as <c>host:port</c>, if it is known. It changes with a failover.</param>
    /// <param name="sender">The context of the sender's span, if there is one.</param>
    public Activity? Start(string? server, in ActivityContext sender)
    {
        var content = _content;
        if (content is null || content.Server != server)
        {
            var tags = SubscriptionTags.Of(listener, channel, subscription, PgListenerTags.Process);
            _content = content = new($"{PgListenerTags.Process} {channel}", server, [.. tags, .. SubscriptionTags.OfServer(server)]);
        }

        return Tracing.Source.StartActivity(content.Name, ActivityKind.Consumer, parentContext: default, content.Tags, sender == default ? null : [new(sender)]);
    }

    private sealed record Content(string Name, string? Server, Tag[] Tags);
}
