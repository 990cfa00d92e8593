using Microsoft.Extensions.Logging;
using PgListener.Telemetry;

namespace PgListener.Subscriptions;

/// <summary>
/// The log lines of one subscription. The first failure of each kind is logged in full, and the others are counted, so that
/// neither a handler that always fails nor a flood of notifications floods the log.
/// </summary>
/// <param name="name">The subscription's name.</param>
/// <param name="channel">Its channel; empty for all.</param>
/// <param name="hearsGaps">Whether gaps are announced to the subscription.</param>
/// <param name="logger">The log.</param>
/// <param name="time">The clock.</param>
internal sealed class SubscriptionLog(string name, string channel, bool hearsGaps, ILogger logger, TimeProvider time) : IDisposable
{
    private readonly string _channel = channel.ReplaceLineEndings(" ");
    private readonly LogThrottles _throttles = new(time);

    /// <summary>A call for a notification has failed.</summary>
    /// <param name="error">The exception.</param>
    /// <param name="errorType">The kind of the error.</param>
    public void Failed(Exception error, string errorType)
    {
        if (IsNew("failed", errorType, more => logger.CallbackFailedAgain(name, more, _channel, errorType)))
            logger.CallbackFailed(error, name, _channel);
    }

    /// <summary>A call for a notification was cancelled after its time limit.</summary>
    public void TimedOut(Exception error, TimeSpan limit)
    {
        if (IsNew("failed", PgListenerTags.Timeout, more => logger.CallbackFailedAgain(name, more, _channel, PgListenerTags.Timeout)))
            logger.CallbackTimedOut(error, name, _channel, limit);
    }

    /// <summary>A call for a gap has failed, or was cancelled after its time limit.</summary>
    public void ResyncFailed(Exception error, string errorType)
    {
        if (IsNew("resync", errorType, more => logger.ResyncStillFails(name, more, _channel, errorType)))
            logger.ResyncFailed(error, name, _channel);
    }

    /// <summary>A call for a gap has succeeded after it had failed.</summary>
    public void ResyncSucceeded(int attempts) => logger.ResyncSucceeded(name, _channel, attempts);

    /// <summary>The queue is full, and notifications are dropped.</summary>
    public void Overflowed()
    {
        if (IsNew("overflow", "", more => logger.OverflowedAgain(name, more)))
            logger.Overflowed(name, hearsGaps ? "A Resync announces the gap." : "The gap is not announced to it. Implement IResyncHandler, set OnResync, or read with ReadItemsAsync.");
    }

    /// <summary>Anything may have changed, and gaps are not announced to the subscription.</summary>
    public void EverythingUnheard()
    {
        if (IsNew("everything", "", more => logger.EverythingUnheardAgain(name, more, _channel)))
            logger.EverythingUnheard(name, _channel);
    }

    /// <summary>A call was cancelled because the time to stop ran out.</summary>
    public void CanceledAtStop()
    {
        if (IsNew("stop", "", more => logger.CanceledAtStopToo(name, more, _channel)))
            logger.CanceledAtStop(name, _channel);
    }

    /// <summary>A call is still running some time after its time limit.</summary>
    /// <param name="elapsed">How long it has been running.</param>
    /// <param name="limit">Its time limit.</param>
    /// <param name="again">Logs how many more there were, if it is not the first.</param>
    /// <returns>Whether it was logged, and not only counted.</returns>
    public bool Hangs(TimeSpan elapsed, TimeSpan limit, Action<long> again)
    {
        var isNew = IsNew("hang", "", again);
        if (isNew)
            logger.CallbackHangs(name, _channel, elapsed.TotalSeconds, limit);
        return isNew;
    }

    /// <summary>More calls have hung.</summary>
    /// <param name="more">How many since the last line.</param>
    /// <param name="now">How many hang now.</param>
    public void HangsAgain(long more, int now) => logger.CallbackHangsAgain(name, more, _channel, now);

    /// <summary>The last call that hung has ended.</summary>
    public void HangsNoMore(TimeSpan elapsed) => logger.CallbackHangsNoMore(name, _channel, elapsed.TotalSeconds);

    /// <summary>What a call has registered on its token has thrown when the token was cancelled.</summary>
    public void CancelFailed(Exception error)
    {
        var type = ErrorType.Of(error);
        if (IsNew("cancel", type, more => logger.CallbackFailedAgain(name, more, _channel, type)))
            logger.CancelFailed(error, name, _channel);
    }

    /// <summary>Notifications were still queued at the stop, if there were any.</summary>
    public void DiscardedAtStop(int notifications)
    {
        if (notifications > 0)
            logger.DiscardedAtStop(name, notifications);
    }

    /// <summary>An observer of metrics or traces has thrown.</summary>
    public void TelemetryFailed(Exception error)
    {
        var type = error.GetType().Name;
        if (IsNew("telemetry", type, more => logger.TelemetryFailedAgain(more, type)))
            logger.TelemetryFailed(error);
    }

    /// <summary>Logs the counts that were not logged yet.</summary>
    public void Dispose() => _throttles.Dispose();

    private bool IsNew(string what, string kind, Action<long> report) => _throttles.IsNew($"{what} {kind}", report, $"{what} {PgListenerTags.Other}");
}
