using PgListener.Subscriptions;

namespace PgListener.Testing.Memory;

/// <summary>The key by which calls are counted.</summary>
/// <param name="Listener">The listener's name.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Handler">The name of the handler or callback.</param>
/// <param name="Counters">The counters of the subscription, which tell it from others of the same name.</param>
/// <param name="Gap">The reason of the gap; <see langword="null"/> for notifications.</param>
internal readonly record struct CallSubject(string Listener, string Channel, string Handler, SubscriptionCounters Counters, ResyncReason? Gap);
