using PgListener.Durable.Membership;

namespace PgListener.Durable.Walks;

/// <summary>Starts the walks of a listener.</summary>
internal sealed class ShardRunner(WalkContext context) : IShardRunner
{
    public IShardRun Start(RegisteredSubscription subscription, int shard, Cluster cluster) => ShardWalk.Start(subscription, shard, cluster, context);
}
