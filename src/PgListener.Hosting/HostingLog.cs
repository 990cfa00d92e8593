using Microsoft.Extensions.Logging;

namespace PgListener;

/// <summary>The log events of handlers and payloads, with the ids 4xx, which are never reused.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(400, LogLevel.Warning, "{Subscription} skipped a notification with a malformed payload on channel '{Channel}' ({Error}{Position}, {Length} characters). Further ones of the same kind are counted.")]
    public static partial void MalformedPayload(this ILogger logger, string subscription, string channel, string error, string position, int length);

    [LoggerMessage(401, LogLevel.Debug, "The malformed payload on channel '{Channel}' was: {Payload}")]
    public static partial void MalformedPayloadText(this ILogger logger, Exception exception, string channel, string payload);

    [LoggerMessage(402, LogLevel.Warning, "{Subscription} skipped {Count} more notification(s) with a malformed payload of the same kind on channel '{Channel}' ({Error}{Position}).")]
    public static partial void MalformedPayloadsCounted(this ILogger logger, string subscription, long count, string channel, string error, string position);

    [LoggerMessage(403, LogLevel.Warning, "A payload on channel '{Channel}' has no property that {Type} has ({Known}), so all its values are defaults. Compare the names; for snake_case, as row_to_json writes it, give the channel a JsonTypeInfo with JsonNamingPolicy.SnakeCaseLower. This is logged once for the channel.")]
    public static partial void UnknownProperties(this ILogger logger, string channel, string type, string known);

    [LoggerMessage(404, LogLevel.Warning, "{Handler} is registered as INotificationHandler<{Channel}>{Key}, but no listener runs it. Call {Call}, or register it with AddHandler.")]
    public static partial void HandlerNotRun(this ILogger logger, string handler, string channel, string key, string call);
}
