namespace PgListener.Durable.Membership;

/// <summary>A shard that has read everything, and where it is.</summary>
/// <param name="Subscription">The number of the subscription.</param>
/// <param name="Shard">The shard.</param>
/// <param name="Shards">How many shards the subscription has.</param>
/// <param name="Channel">The channel's name in the log.</param>
/// <param name="Seen">The snapshot in which everything visible has been read.</param>
/// <param name="Floor">The position's floor.</param>
internal sealed record WaitingShard(int Subscription, int Shard, int Shards, string Channel, string Seen, long Floor);
