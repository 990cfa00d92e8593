using PgListener.Connections;

namespace PgListener.Publishing;

/// <summary>Turns a request into the notifications to send.</summary>
internal static class RequestWriter
{
    /// <summary>Writes the notifications, and checks them.</summary>
    /// <param name="request">The request.</param>
    /// <param name="channel">The channel's name in the application, for messages.</param>
    /// <param name="serverName">Its name at the server, already checked.</param>
    /// <param name="makeDistinct">Whether to make equal payloads distinct, on channels whose readers ignore white space at the end.</param>
    public static Outgoing[] Write(PublishRequest request, string channel, string serverName, bool makeDistinct)
    {
        var notifications = request.Count == 0 ? [] : new Outgoing[request.Count];
        for (var i = 0; i < notifications.Length; i++)
        {
            var payload = request.PayloadAt(i);
            notifications[i] = new(serverName, makeDistinct && request.IgnoresTrailingWhitespace ? DistinctMark.Add(payload) : payload);
            PayloadRules.ThrowIfInvalid(notifications[i].Payload, channel);
        }

        return notifications;
    }
}
