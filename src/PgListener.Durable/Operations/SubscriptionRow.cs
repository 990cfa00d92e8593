using PgListener.Durable.Log;
using PgListener.Durable.Positions;

namespace PgListener.Durable.Operations;

/// <summary>A subscription as the database has it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Channel">The channel's name in the log.</param>
/// <param name="Name">Its name.</param>
/// <param name="Shards">The number of its shards.</param>
/// <param name="PausedAt">Since when it is paused.</param>
/// <param name="SeenAt">When it was last seen.</param>
/// <param name="Members">How many sessions run it.</param>
internal sealed record SubscriptionRow(int Id, string Channel, DurableSubscriptionName Name, int Shards, DateTimeOffset? PausedAt, DateTimeOffset SeenAt, int Members)
{
    public LogChannel ShardOf(int shard) => new(Channel, Shards, shard);
}

/// <summary>A shard as the database has it.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Position">Its position.</param>
/// <param name="At">When that was moved.</param>
/// <param name="Holder">Who holds it.</param>
internal sealed record ShardRow(int Shard, PositionRow Position, DateTimeOffset At, DurableShardHolder? Holder)
{
    public long Retries { get; init; }

    public long DeadLetters { get; init; }

    public DateTimeOffset? OldestDeadLetter { get; init; }
}
