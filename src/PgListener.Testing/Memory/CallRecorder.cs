using PgListener.Subscriptions;

namespace PgListener.Testing.Memory;

/// <summary>Records the calls of one listener's handlers and callbacks.</summary>
internal sealed class CallRecorder(string listener, CallLog log) : ICallObserver
{
    public void Called(string subscription, SubscriptionCounters counters, in Notification notification, CallFailure? failure)
        => log.Add(new(listener, subscription, notification.Channel, notification, null, Explain(failure, subscription, notification.Channel)), counters);

    public void Resynced(string subscription, SubscriptionCounters counters, string channel, Resync resync, CallFailure? failure)
        => log.Add(new(listener, subscription, channel, null, resync, Explain(failure, subscription, channel)), counters);

    /// <summary>The exception that a test gets for a failure. An <see cref="OperationCanceledException"/> would look like a cancellation of the test.</summary>
    private static Exception? Explain(CallFailure? failure, string subscription, string channel) => failure switch
    {
        null => null,
        { ErrorType: PgListenerTags.Timeout } => new TimeoutException($"{subscription} on channel '{channel}' was cancelled by its time limit ({nameof(HandlerOptions.Timeout)}).", failure.Exception),
        { ErrorType: PgListenerTags.Cancelled } => new ListenerClosedException($"{subscription} on channel '{channel}' was cancelled because the listener was stopped.", failure.Exception),
        { Exception: MalformedPayloadException malformed } => new ListenerException($"{subscription} was not called: the payload on channel '{channel}' could not be read. {malformed.InnerException!.Message}", malformed.InnerException),
        _ => failure.Exception,
    };
}
