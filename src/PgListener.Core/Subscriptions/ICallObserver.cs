namespace PgListener.Subscriptions;

/// <summary>Notified of every call of a callback once it has ended and was counted and logged. Must not throw. For tests; an application has none.</summary>
internal interface ICallObserver
{
    /// <summary>A call for a notification has ended.</summary>
    /// <param name="subscription">The subscription's name.</param>
    /// <param name="counters">The subscription's counters, which tell it from others of its name.</param>
    /// <param name="notification">The notification, as it was sent.</param>
    /// <param name="failure">Why it has failed, if it has.</param>
    void Called(string subscription, SubscriptionCounters counters, in Notification notification, CallFailure? failure);

    /// <summary>A call for a gap has ended. If it has failed, the wait for the next attempt has begun.</summary>
    /// <param name="subscription">The subscription's name.</param>
    /// <param name="counters">The subscription's counters, which tell it from others of its name.</param>
    /// <param name="channel">The subscription's channel.</param>
    /// <param name="resync">The gap.</param>
    /// <param name="failure">Why it has failed, if it has.</param>
    void Resynced(string subscription, SubscriptionCounters counters, string channel, Resync resync, CallFailure? failure);
}
