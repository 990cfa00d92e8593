using Microsoft.Extensions.Logging;

namespace PgListener.Telemetry;

/// <summary>The log events of the listener. Ids are never reused: 1xx the connection, 2xx subscriptions, 3xx stopping, 72x change feeds.</summary>
internal static partial class Log
{
    private static readonly Func<ILogger, string, string, IDisposable?> CallScopeOf = LoggerMessage.DefineScope<string, string>("{Subscription} on channel '{Channel}'");

    /// <summary>The scope of everything that is logged while a subscription is called.</summary>
    public static IDisposable? CallScope(this ILogger logger, string subscription, string channel) => CallScopeOf(logger, subscription, channel);

    [LoggerMessage(100, LogLevel.Information, "Listening to {Channels} channel(s) on {Server}, server process {ProcessId}.")]
    public static partial void Listening(this ILogger logger, int channels, string server, int processId);

    [LoggerMessage(101, LogLevel.Warning, "The listening connection was lost; connecting again. Notifications sent in the meantime are missed, and the gap is announced afterwards. {Problem}")]
    public static partial void ConnectionLost(this ILogger logger, string problem);

    [LoggerMessage(102, LogLevel.Warning, "Cannot listen; trying again until that succeeds. {Problem}")]
    public static partial void ConnectFailed(this ILogger logger, string problem);

    [LoggerMessage(103, LogLevel.Debug, "Attempt {Attempt} to connect and listen failed; the next follows in {Delay}.")]
    public static partial void StillFailing(this ILogger logger, Exception exception, int attempt, TimeSpan delay);

    [LoggerMessage(104, LogLevel.Error, "The server refused to listen to channel '{Channel}'; the other channels are not affected.")]
    public static partial void ChannelRejected(this ILogger logger, Exception exception, string channel);

    [LoggerMessage(105, LogLevel.Debug, "Could not wake the listening connection from a second one; a change of channels takes effect when its current wait ends, within KeepAlive.")]
    public static partial void WakeFailed(this ILogger logger, Exception exception);

    [LoggerMessage(106, LogLevel.Debug, "The old connection could not be closed in an orderly way.")]
    public static partial void CloseFailed(this ILogger logger, Exception exception);

    [LoggerMessage(107, LogLevel.Warning, "Could not prove that notifications arrive, because none could be sent from a second connection. Leave room for one more connection, or set ProveDelivery to false and ProveDeliveryInterval to null.")]
    public static partial void Unproven(this ILogger logger);

    [LoggerMessage(108, LogLevel.Warning, "{Problem}")]
    public static partial void QueueFills(this ILogger logger, string problem);

    [LoggerMessage(109, LogLevel.Error, "An observer of the listener's state failed on {State}; the others are not affected.")]
    public static partial void ObserverFailed(this ILogger logger, Exception exception, ListenerState state);

    [LoggerMessage(110, LogLevel.Error, "An observer of the metrics or traces failed; the notification is not affected.")]
    public static partial void TelemetryFailed(this ILogger logger, Exception exception);

    [LoggerMessage(111, LogLevel.Debug, "The error that ended the connection.")]
    public static partial void ConnectionLostBy(this ILogger logger, Exception exception);

    [LoggerMessage(112, LogLevel.Debug, "The error of the attempt to connect and listen.")]
    public static partial void ConnectFailedBy(this ILogger logger, Exception exception);

    [LoggerMessage(113, LogLevel.Information, "The server does not let the listening session change one of its settings, which stays as it is. {Problem}")]
    public static partial void SettingRefused(this ILogger logger, string problem);

    [LoggerMessage(114, LogLevel.Warning, "The thread pool of this process is starved: the listener was called {Seconds:0.0} s late, and waits longer for the server. Find what blocks the pool's threads.")]
    public static partial void ThreadPoolStarved(this ILogger logger, double seconds);

    [LoggerMessage(115, LogLevel.Debug, "The notification that proves delivery could not be sent from a second connection.")]
    public static partial void ProofFailed(this ILogger logger, Exception exception);

    [LoggerMessage(116, LogLevel.Information, "The server does not say how full its notification queue is. {Problem}")]
    public static partial void QueueUsageUnknown(this ILogger logger, string problem);

    [LoggerMessage(200, LogLevel.Error, "{Subscription} failed for a notification on channel '{Channel}'; the next one follows.")]
    public static partial void CallbackFailed(this ILogger logger, Exception exception, string subscription, string channel);

    [LoggerMessage(201, LogLevel.Error, "{Subscription} was cancelled for a notification on channel '{Channel}' after its Timeout of {Timeout}; the next one follows.")]
    public static partial void CallbackTimedOut(this ILogger logger, Exception exception, string subscription, string channel, TimeSpan timeout);

    [LoggerMessage(202, LogLevel.Warning, "{Subscription} cannot keep up: its queue is full, and its newest notifications are dropped and counted until it has caught up. {Announcement}")]
    public static partial void Overflowed(this ILogger logger, string subscription, string announcement);

    [LoggerMessage(203, LogLevel.Error, "{Subscription} failed to read again what it may have missed on channel '{Channel}'. It is called again, with growing waits, until it succeeds; its notifications wait until then.")]
    public static partial void ResyncFailed(this ILogger logger, Exception exception, string subscription, string channel);

    [LoggerMessage(204, LogLevel.Error, "{Subscription} failed for {Count} more notification(s) on channel '{Channel}' ({ErrorType}); the first was logged in full.")]
    public static partial void CallbackFailedAgain(this ILogger logger, string subscription, long count, string channel, string errorType);

    [LoggerMessage(205, LogLevel.Error, "{Subscription} failed {Count} more time(s) to read again what it may have missed on channel '{Channel}' ({ErrorType}); its notifications still wait.")]
    public static partial void ResyncStillFails(this ILogger logger, string subscription, long count, string channel, string errorType);

    [LoggerMessage(206, LogLevel.Information, "{Subscription} has read again what it may have missed on channel '{Channel}', at attempt {Attempt}; its notifications follow.")]
    public static partial void ResyncSucceeded(this ILogger logger, string subscription, string channel, int attempt);

    [LoggerMessage(207, LogLevel.Warning, "{Subscription} overflowed {Count} more time(s): it cannot keep up.")]
    public static partial void OverflowedAgain(this ILogger logger, string subscription, long count);

    [LoggerMessage(208, LogLevel.Warning, "{Subscription} may have missed notifications on channel '{Channel}' while the connection was lost, and gaps are not announced to it. Implement IResyncHandler, set OnResync, or read with ReadItemsAsync.")]
    public static partial void MissedUnheard(this ILogger logger, string subscription, string channel);

    [LoggerMessage(209, LogLevel.Warning, "{Count} more time(s) a subscription to which gaps are not announced may have missed notifications while the connection was lost.")]
    public static partial void MissedUnheardToo(this ILogger logger, long count);

    [LoggerMessage(210, LogLevel.Warning, "The listener was started, but Listen() was not called: notifications wait in the queues of the callbacks, and are dropped once the queues are full. Call Listen().")]
    public static partial void NotDispatching(this ILogger logger);

    [LoggerMessage(211, LogLevel.Warning, "{Subscription} was cancelled for {Count} more notification(s) on channel '{Channel}' because the time to stop ran out.")]
    public static partial void CanceledAtStopToo(this ILogger logger, string subscription, long count, string channel);

    [LoggerMessage(212, LogLevel.Error, "An observer of the metrics or traces failed {Count} more time(s) ({ErrorType}); the notifications are not affected.")]
    public static partial void TelemetryFailedAgain(this ILogger logger, long count, string errorType);

    [LoggerMessage(213, LogLevel.Error, "{Subscription} hangs on channel '{Channel}': it has been running for {Seconds:0.0} s, although its token was cancelled after its Timeout of {Timeout}. Pass the cancellation token on to what it waits for.")]
    public static partial void CallbackHangs(this ILogger logger, string subscription, string channel, double seconds, TimeSpan timeout);

    [LoggerMessage(214, LogLevel.Error, "{Subscription} hung {Count} more time(s) on channel '{Channel}' after its token was cancelled; {Hanging} of its calls hang now.")]
    public static partial void CallbackHangsAgain(this ILogger logger, string subscription, long count, string channel, int hanging);

    [LoggerMessage(215, LogLevel.Information, "{Subscription} no longer hangs on channel '{Channel}': the last call that did has ended after {Seconds:0.0} s.")]
    public static partial void CallbackHangsNoMore(this ILogger logger, string subscription, string channel, double seconds);

    [LoggerMessage(216, LogLevel.Error, "{Subscription} has registered a callback on its cancellation token that failed after the Timeout, on channel '{Channel}'; the call continues.")]
    public static partial void CancelFailed(this ILogger logger, Exception exception, string subscription, string channel);

    [LoggerMessage(720, LogLevel.Warning, "{Subscription} was not notified that anything may have changed in the table of channel '{Channel}', after a TRUNCATE or a statement with many rows, because gaps are not announced to it. Implement IResyncHandler, set OnResync, or read with ReadItemsAsync.")]
    public static partial void EverythingUnheard(this ILogger logger, string subscription, string channel);

    [LoggerMessage(721, LogLevel.Warning, "{Subscription} was not notified {Count} more time(s) that anything may have changed in the table of channel '{Channel}'.")]
    public static partial void EverythingUnheardAgain(this ILogger logger, string subscription, long count, string channel);

    [LoggerMessage(300, LogLevel.Information, "Stopped listening.")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(301, LogLevel.Warning, "{Subscription} was cancelled on channel '{Channel}' because the time to stop ran out.")]
    public static partial void CanceledAtStop(this ILogger logger, string subscription, string channel);

    [LoggerMessage(302, LogLevel.Warning, "{Count} notification(s) queued for {Subscription} were discarded at the stop.")]
    public static partial void DiscardedAtStop(this ILogger logger, string subscription, int count);

    [LoggerMessage(303, LogLevel.Warning, "Stopping without callbacks that did not return although their tokens were cancelled, of {Subscriptions}. Pass the cancellation token on to what they wait for.")]
    public static partial void LeftBehind(this ILogger logger, string subscriptions);
}
