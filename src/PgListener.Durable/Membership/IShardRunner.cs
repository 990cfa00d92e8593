namespace PgListener.Durable.Membership;

/// <summary>Walks the shards that this process holds.</summary>
internal interface IShardRunner
{
    /// <summary>Begins to walk a shard, after its lock was obtained.</summary>
    IShardRun Start(RegisteredSubscription subscription, int shard, Cluster cluster);
}
