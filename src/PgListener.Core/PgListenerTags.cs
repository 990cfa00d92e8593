namespace PgListener;

/// <summary>The keys, and where there are few the values, of the tags on metrics and spans.</summary>
/// <remarks>Those that do not begin with <c>pglistener</c> follow OpenTelemetry's conventions.</remarks>
public static class PgListenerTags
{
    /// <summary>Always <see cref="PostgreSql"/>.</summary>
    public const string System = "messaging.system";

    /// <summary>The value of <see cref="System"/>.</summary>
    public const string PostgreSql = "postgresql";

    /// <summary>The operation: <see cref="Receive"/>, <see cref="Process"/> or <see cref="Send"/>.</summary>
    public const string OperationName = "messaging.operation.name";

    /// <summary>The kind of operation: <see cref="Receive"/>, <see cref="Process"/> or <see cref="Send"/>.</summary>
    public const string OperationType = "messaging.operation.type";

    /// <summary>The operation of taking notifications from the server.</summary>
    public const string Receive = "receive";

    /// <summary>The operation of calling a callback or handler.</summary>
    public const string Process = "process";

    /// <summary>The operation of publishing.</summary>
    public const string Send = "send";

    /// <summary>The channel. Missing for a reader of all channels.</summary>
    public const string Channel = "messaging.destination.name";

    /// <summary>The subscription: the name of the handler's class or the callback's method, or the one given in its settings.</summary>
    public const string Subscription = "messaging.destination.subscription.name";

    /// <summary>How many notifications one publish sends, if it is more than one. On spans only.</summary>
    public const string BatchSize = "messaging.batch.message_count";

    /// <summary>The name of the listener or publisher. Missing for one without a name.</summary>
    public const string Listener = "pglistener.name";

    /// <summary>
    /// What went wrong: the full name of the exception's type, the server's SQLSTATE, <see cref="Timeout"/> or <see cref="Cancelled"/>. Missing on success.
    /// </summary>
    public const string ErrorType = "error.type";

    /// <summary>The value of <see cref="ErrorType"/> for a callback that exceeded its time limit.</summary>
    public const string Timeout = "timeout";

    /// <summary>The value of <see cref="ErrorType"/> for a callback that was cancelled because the time to stop had run out.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>The value of <see cref="ErrorType"/> for further types of errors, once 50 different ones have occurred.</summary>
    public const string Other = "_OTHER";

    /// <summary>Why notifications were dropped: <see cref="Overflow"/>, <see cref="Replaced"/> or <see cref="Discarded"/>.</summary>
    public const string DropReason = "pglistener.drop.reason";

    /// <summary>The queue was full.</summary>
    public const string Overflow = "overflow";

    /// <summary>A newer notification took its place, with <see cref="FullQueueMode.KeepLatest"/>.</summary>
    public const string Replaced = "replaced";

    /// <summary>The subscription or the listener ended before the notification's turn came.</summary>
    public const string Discarded = "discarded";

    /// <summary>Why notifications may have been missed: a <see cref="ResyncReason"/> in lower case.</summary>
    public const string GapReason = "pglistener.gap.reason";

    /// <summary>A <see cref="ListenerState"/> in lower case.</summary>
    public const string State = "pglistener.state";

    /// <summary>The server's host name or address. On spans only, so that a failover does not split a metric in two.</summary>
    public const string ServerAddress = "server.address";

    /// <summary>The server's port. On spans only.</summary>
    public const string ServerPort = "server.port";
}
