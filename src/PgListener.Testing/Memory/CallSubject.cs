using PgListener.Subscriptions;

namespace PgListener.Testing.Memory;

/// <summary>What calls are counted by.</summary>
/// <param name="Listener">The listener's name.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Handler">What the handler or callback is called.</param>
/// <param name="Counters">Those of the subscription, which tell it from others of its name.</param>
/// <param name="Gap">Why it was told of a gap; <see langword="null"/> for notifications.</param>
internal readonly record struct CallSubject(string Listener, string Channel, string Handler, SubscriptionCounters Counters, ResyncReason? Gap);
