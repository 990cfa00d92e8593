namespace PgListener.Durable.Membership;

/// <summary>What a look has found.</summary>
/// <param name="Pid">The server process of the session.</param>
/// <param name="Joined">The membership locks that were taken.</param>
/// <param name="Left">How many membership locks were released.</param>
/// <param name="Taken">The locks of shards that were taken.</param>
/// <param name="Released">How many locks of shards were released.</param>
/// <param name="Locks">All locks on the subscriptions, of all instances.</param>
/// <param name="Subscriptions">The subscriptions that exist.</param>
/// <param name="News">The waiting shards for which there is something.</param>
internal sealed record LookAnswer(
    int Pid,
    IReadOnlyList<long> Joined,
    int Left,
    IReadOnlyList<long> Taken,
    int Released,
    IReadOnlyList<SeenLock> Locks,
    IReadOnlyList<SeenSubscription> Subscriptions,
    IReadOnlyList<SeenNews> News);
