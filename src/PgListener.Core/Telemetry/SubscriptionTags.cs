using System.Globalization;

using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace PgListener.Telemetry;

/// <summary>The tags of a subscription's or a publisher's metrics and spans.</summary>
internal static class SubscriptionTags
{
    /// <summary>Tags of metrics and spans.</summary>
    /// <param name="listener">The name of the listener or publisher, which may be empty.</param>
    /// <param name="channel">The channel; <see langword="null"/> for all.</param>
    /// <param name="subscription">The subscription's name; <see langword="null"/> for a publisher.</param>
    /// <param name="operation">The name of the messaging operation; <see langword="null"/> if OpenTelemetry's conventions do not define one.</param>
    /// <param name="more">Further tags.</param>
    public static Tag[] Of(string listener, string? channel, string? subscription, string? operation, params ReadOnlySpan<Tag> more)
    {
        var tags = new List<Tag>(8) { new(PgListenerTags.System, PgListenerTags.PostgreSql) };
        if (operation is not null)
        {
            tags.Add(new(PgListenerTags.OperationName, operation));
            tags.Add(new(PgListenerTags.OperationType, operation));
        }

        if (channel is not null)
            tags.Add(new(PgListenerTags.Channel, channel));
        if (subscription is not null)
            tags.Add(new(PgListenerTags.Subscription, subscription));
        if (listener.Length > 0)
            tags.Add(new(PgListenerTags.Listener, listener));
        tags.AddRange(more);
        return [.. tags];
    }

    /// <summary>The tags of spans that name the server; none if it is not known.</summary>
    /// <param name="server">The server as <c>host:port</c>.</param>
    public static Tag[] OfServer(string? server)
        => server?.LastIndexOf(':') is > 0 and var colon && int.TryParse(server.AsSpan(colon + 1), CultureInfo.InvariantCulture, out var port)
            ? [new(PgListenerTags.ServerAddress, server[..colon]), new(PgListenerTags.ServerPort, port)]
            : [];

    /// <summary>The value of <see cref="PgListenerTags.GapReason"/> for a reason.</summary>
    public static string NameOf(ResyncReason reason) => reason switch
    {
        ResyncReason.Started => "started",
        ResyncReason.Reconnected => "reconnected",
        ResyncReason.Retention => "retention",
        ResyncReason.Everything => "everything",
        _ => "overflow",
    };
}
