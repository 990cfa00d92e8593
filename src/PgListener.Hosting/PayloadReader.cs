using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace PgListener;

/// <summary>Reads payloads into a channel's type, and says of the malformed ones that they are left out.</summary>
internal static class PayloadReader
{
    /// <summary>Reads a payload for a callback.</summary>
    /// <exception cref="MalformedPayloadException">It is malformed; that has been logged, and whoever calls the callback counts it.</exception>
    public static TChannel Read<TChannel>(Notification notification, string subscription, ILogger logger)
        where TChannel : INotificationChannel<TChannel>
        => TryRead<TChannel>(notification, subscription, logger, out var value, out var cause) ? value : throw new MalformedPayloadException(cause);

    public static bool TryRead<TChannel>(
        Notification notification, string subscription, ILogger logger, [MaybeNullWhen(false)] out TChannel value, [NotNullWhen(false)] out Exception? cause)
        where TChannel : INotificationChannel<TChannel>
    {
        try
        {
            value = TChannel.Parse(notification.Payload);
            cause = null;
            return true;
        }
        catch (Exception e) when (e is not NotSupportedException)
        {
            // NotSupportedException says that the channel's type is set up wrongly, whatever the payload.
            // The message of such an exception may quote the payload, so only its type is logged.
            logger.MalformedPayload(subscription, notification.Channel.ReplaceLineEndings(" "), e.GetType().Name, notification.Payload.Length);
            logger.MalformedPayloadText(e, notification.Channel.ReplaceLineEndings(" "), notification.Payload.ReplaceLineEndings(" "));
            value = default;
            cause = e;
            return false;
        }
    }
}
