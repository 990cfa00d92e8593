namespace PgListener.Durable.Positions;

/// <summary>Another holder has taken the position over.</summary>
internal sealed class PositionLostException(ShardKey shard, Exception? cause = null)
    : InvalidOperationException($"Another instance has taken over shard {shard.Shard} of the subscription {shard.Subscription}, and continues there. Roll back what was done for this message.", cause);
