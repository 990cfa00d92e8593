using Microsoft.Extensions.Logging;

namespace PgListener;

/// <summary>What the hosting side logs. Ids are never reused: 4xx.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(400, LogLevel.Warning, "{Subscription} left out a notification on channel '{Channel}' whose payload is malformed ({Error}, {Length} characters).")]
    public static partial void MalformedPayload(this ILogger logger, string subscription, string channel, string error, int length);

    [LoggerMessage(401, LogLevel.Debug, "The malformed payload on channel '{Channel}' was: {Payload}")]
    public static partial void MalformedPayloadText(this ILogger logger, Exception exception, string channel, string payload);
}
