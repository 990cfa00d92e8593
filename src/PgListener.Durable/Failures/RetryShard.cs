namespace PgListener.Durable.Failures;

/// <summary>One shard's part of the table of retries.</summary>
/// <param name="Subscription">The number of the subscription.</param>
/// <param name="Shards">How many shards it has.</param>
/// <param name="Shard">The shard, from 0.</param>
internal readonly record struct RetryShard(int Subscription, int Shards, int Shard);
