namespace PgListener;

/// <summary>The names and units of the instruments of the meter <see cref="PgListenerDiagnostics.MeterName"/>.</summary>
/// <remarks>Those that begin with <c>messaging</c> follow OpenTelemetry's conventions for messaging.</remarks>
public static class PgListenerInstruments
{
    /// <summary>Counter, in <see cref="MessageUnit"/>: notifications that arrived for a subscription.</summary>
    public const string ConsumedMessages = "messaging.client.consumed.messages";

    /// <summary>Histogram, in <see cref="SecondUnit"/>: how long a callback took for a notification.</summary>
    public const string ProcessDuration = "messaging.process.duration";

    /// <summary>Counter, in <see cref="MessageUnit"/>: notifications a publisher sent, or tried to.</summary>
    public const string SentMessages = "messaging.client.sent.messages";

    /// <summary>Histogram, in <see cref="SecondUnit"/>: how long a publish took until its commit; on a connection or in a transaction of the caller's, until the server confirmed the statement.</summary>
    public const string OperationDuration = "messaging.client.operation.duration";

    /// <summary>Counter, in <see cref="MessageUnit"/>: notifications that were handled, successfully or not.</summary>
    public const string Processed = "pglistener.notifications.processed";

    /// <summary>Counter, in <see cref="MessageUnit"/>: those of them that failed, by error.</summary>
    public const string Failed = "pglistener.notifications.failed";

    /// <summary>Counter, in <see cref="MessageUnit"/>: notifications that arrived and never reached their callback or reader, by reason.</summary>
    public const string Dropped = "pglistener.notifications.dropped";

    /// <summary>Counter, in <see cref="GapUnit"/>: announcements that notifications may have been missed, by reason.</summary>
    public const string Gaps = "pglistener.gaps";

    /// <summary>Histogram, in <see cref="SecondUnit"/>: how long it took to handle such an announcement, by reason.</summary>
    public const string ResyncDuration = "pglistener.resync.duration";

    /// <summary>Up-down counter, in <see cref="MessageUnit"/>: notifications that wait in a subscription's queue or are in progress.</summary>
    public const string QueueUsage = "pglistener.queue.usage";

    /// <summary>Up-down counter, in <see cref="MessageUnit"/>: how many a queue may hold.</summary>
    public const string QueueLimit = "pglistener.queue.limit";

    /// <summary>Up-down counter, in <see cref="ByteUnit"/>: the memory of what a queue holds.</summary>
    public const string QueueMemoryUsage = "pglistener.queue.memory.usage";

    /// <summary>Up-down counter, in <see cref="ByteUnit"/>: how much of it a queue may take.</summary>
    public const string QueueMemoryLimit = "pglistener.queue.memory.limit";

    /// <summary>Up-down counter, in <see cref="CallUnit"/>: calls of a callback that are still running although their tokens were cancelled some time ago.</summary>
    public const string Hanging = "pglistener.calls.hanging";

    /// <summary>Up-down counter, in <see cref="StateUnit"/>: 1 for the state a listener is in, 0 for the others.</summary>
    public const string ConnectionState = "pglistener.connection.state";

    /// <summary>Counter, in <see cref="ReconnectUnit"/>: how often a lost connection was established again.</summary>
    public const string Reconnects = "pglistener.reconnects";

    /// <summary>Counter, in <see cref="ErrorUnit"/>: lost connections and failed attempts to connect and listen, by error.</summary>
    public const string ConnectionErrors = "pglistener.connection.errors";

    /// <summary>Gauge, in <see cref="SecondUnit"/>: how long a notification took through the server when delivery was last proven.</summary>
    public const string RoundTrip = "pglistener.round_trip.duration";

    /// <summary>Gauge, in <see cref="RatioUnit"/>: how full the server's notification queue was when last checked, from 0 to 1.</summary>
    public const string ServerQueueUsage = "pglistener.server.queue.usage";

    /// <summary>The unit of what counts notifications.</summary>
    public const string MessageUnit = "{message}";

    /// <summary>The unit of what counts gaps.</summary>
    public const string GapUnit = "{gap}";

    /// <summary>The unit of what counts reconnects.</summary>
    public const string ReconnectUnit = "{reconnect}";

    /// <summary>The unit of what counts errors.</summary>
    public const string ErrorUnit = "{error}";

    /// <summary>The unit of what counts calls.</summary>
    public const string CallUnit = "{call}";

    /// <summary>The unit of what counts states.</summary>
    public const string StateUnit = "{state}";

    /// <summary>The unit of durations.</summary>
    public const string SecondUnit = "s";

    /// <summary>The unit of memory.</summary>
    public const string ByteUnit = "By";

    /// <summary>The unit of ratios.</summary>
    public const string RatioUnit = "1";
}
