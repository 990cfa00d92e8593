using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace PgListener;

/// <summary>Reads payloads into a channel's type, and says of the malformed ones that they were left out.</summary>
internal static class PayloadReader
{
    public static bool TryRead<TChannel>(Notification notification, string subscription, ILogger logger, [MaybeNullWhen(false)] out TChannel value)
        where TChannel : INotificationChannel<TChannel>
    {
        try
        {
            value = TChannel.Parse(notification.Payload);
            return true;
        }
        catch (Exception e) when (e is not NotSupportedException)
        {
            // NotSupportedException says that the channel's type is set up wrongly, whatever the payload.
            // The message of such an exception may quote the payload, so only its type is logged.
            logger.MalformedPayload(subscription, notification.Channel.ReplaceLineEndings(" "), e.GetType().Name, notification.Payload.Length);
            logger.MalformedPayloadText(e, notification.Channel.ReplaceLineEndings(" "), notification.Payload.ReplaceLineEndings(" "));
            value = default;
            return false;
        }
    }
}
