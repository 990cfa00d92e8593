using Microsoft.Extensions.Logging;

namespace PgListener.Telemetry;

/// <summary>What the listener logs. Ids are never reused: 1xx the connection, 2xx subscriptions, 3xx stopping.</summary>
internal static partial class Log
{
    private static readonly Func<ILogger, string, string, IDisposable?> CallScopeOf = LoggerMessage.DefineScope<string, string>("{Subscription} on channel '{Channel}'");

    /// <summary>The scope of everything that is logged while a subscription is called.</summary>
    public static IDisposable? CallScope(this ILogger logger, string subscription, string channel) => CallScopeOf(logger, subscription, channel);

    [LoggerMessage(100, LogLevel.Information, "Listening to {Channels} channel(s) on {Server}, server process {ProcessId}.")]
    public static partial void Listening(this ILogger logger, int channels, string server, int processId);

    [LoggerMessage(101, LogLevel.Warning, "The connection that listens was lost; connecting again. What is sent meanwhile is missed and will be announced. {Problem}")]
    public static partial void ConnectionLost(this ILogger logger, string problem);

    [LoggerMessage(102, LogLevel.Warning, "Cannot listen; trying again until it works. {Problem}")]
    public static partial void ConnectFailed(this ILogger logger, string problem);

    [LoggerMessage(103, LogLevel.Debug, "Attempt {Attempt} to connect and listen failed; the next follows in {Delay}.")]
    public static partial void StillFailing(this ILogger logger, Exception exception, int attempt, TimeSpan delay);

    [LoggerMessage(104, LogLevel.Error, "The server refused to listen to channel '{Channel}'; the other channels are not affected.")]
    public static partial void ChannelRejected(this ILogger logger, Exception exception, string channel);

    [LoggerMessage(105, LogLevel.Debug, "Could not wake the listening connection from a second one; a change of channels waits until its present wait ends by itself.")]
    public static partial void WakeFailed(this ILogger logger, Exception exception);

    [LoggerMessage(106, LogLevel.Debug, "The old connection could not be closed in an orderly way.")]
    public static partial void CloseFailed(this ILogger logger, Exception exception);

    [LoggerMessage(107, LogLevel.Warning, "It could not be proven that notifications arrive, since none could be sent from a second connection.")]
    public static partial void Unproven(this ILogger logger);

    [LoggerMessage(108, LogLevel.Warning, "{Problem}")]
    public static partial void QueueFills(this ILogger logger, string problem);

    [LoggerMessage(109, LogLevel.Error, "An observer of the listener's state failed on {State}; the others are not affected.")]
    public static partial void ObserverFailed(this ILogger logger, Exception exception, ListenerState state);

    [LoggerMessage(110, LogLevel.Error, "An observer of the metrics or traces failed; the notification is not affected.")]
    public static partial void TelemetryFailed(this ILogger logger, Exception exception);

    [LoggerMessage(111, LogLevel.Debug, "The error that has ended the connection.")]
    public static partial void ConnectionLostBy(this ILogger logger, Exception exception);

    [LoggerMessage(112, LogLevel.Debug, "The error of the attempt to connect and listen.")]
    public static partial void ConnectFailedBy(this ILogger logger, Exception exception);

    [LoggerMessage(113, LogLevel.Information, "The server does not let the listening session change a setting for itself, and it is left as it is. {Problem}")]
    public static partial void SettingRefused(this ILogger logger, string problem);

    [LoggerMessage(114, LogLevel.Warning, "The thread pool of this process is starved: the listener was called {Seconds:0.0} s late, and waits longer for the server. Find what blocks the pool's threads.")]
    public static partial void ThreadPoolStarved(this ILogger logger, double seconds);

    [LoggerMessage(115, LogLevel.Debug, "A proof that notifications arrive could not be sent from a second connection.")]
    public static partial void ProofFailed(this ILogger logger, Exception exception);

    [LoggerMessage(116, LogLevel.Information, "The server does not say how full its notification queue is. {Problem}")]
    public static partial void QueueUsageUnknown(this ILogger logger, string problem);

    [LoggerMessage(200, LogLevel.Error, "{Subscription} failed for a notification on channel '{Channel}'; the next one goes on.")]
    public static partial void CallbackFailed(this ILogger logger, Exception exception, string subscription, string channel);

    [LoggerMessage(201, LogLevel.Error, "{Subscription} was cancelled for a notification on channel '{Channel}' after its limit of {Timeout}; the next one goes on.")]
    public static partial void CallbackTimedOut(this ILogger logger, Exception exception, string subscription, string channel, TimeSpan timeout);

    [LoggerMessage(202, LogLevel.Warning, "{Subscription} cannot keep up: its queue is full, and its newest notifications are dropped and counted until it has caught up.")]
    public static partial void Overflowed(this ILogger logger, string subscription);

    [LoggerMessage(203, LogLevel.Error, "{Subscription} failed to read again what it may have missed on channel '{Channel}'; it is not asked to again until the next gap.")]
    public static partial void ResyncFailed(this ILogger logger, Exception exception, string subscription, string channel);

    [LoggerMessage(300, LogLevel.Information, "Stopped listening.")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(301, LogLevel.Warning, "{Subscription} was cancelled on channel '{Channel}' because the time to stop ran out.")]
    public static partial void CanceledAtStop(this ILogger logger, string subscription, string channel);

    [LoggerMessage(302, LogLevel.Warning, "{Count} notification(s) queued for {Subscription} were discarded at the stop.")]
    public static partial void DiscardedAtStop(this ILogger logger, string subscription, int count);

    [LoggerMessage(303, LogLevel.Warning, "{Count} callback(s) did not return although their tokens were cancelled; stopping without them.")]
    public static partial void LeftBehind(this ILogger logger, int count);
}
