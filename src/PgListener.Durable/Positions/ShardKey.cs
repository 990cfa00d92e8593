namespace PgListener.Durable.Positions;

/// <summary>One shard of a subscription: the unit that one holder walks at a time.</summary>
/// <param name="Subscription">The number of the subscription.</param>
/// <param name="Shard">The shard, from 0.</param>
internal readonly record struct ShardKey(int Subscription, int Shard);
