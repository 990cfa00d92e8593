using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace PgListener.Telemetry;

/// <summary>The tags of what is reported about a subscription or a publisher.</summary>
internal static class SubscriptionTags
{
    /// <summary>Tags of metrics and spans.</summary>
    /// <param name="listener">The name of the listener or publisher, which may be empty.</param>
    /// <param name="channel">The channel; <see langword="null"/> for all.</param>
    /// <param name="subscription">The subscription's name; <see langword="null"/> for a publisher.</param>
    /// <param name="operation">The name of the messaging operation; <see langword="null"/> for what OpenTelemetry's conventions do not know.</param>
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

    /// <summary>What a reason is called in <see cref="PgListenerTags.GapReason"/>.</summary>
    public static string NameOf(ResyncReason reason) => reason switch
    {
        ResyncReason.Started => "started",
        ResyncReason.Reconnected => "reconnected",
        _ => "overflow",
    };
}
