using System.Collections.Concurrent;
using PgListener.Durable.Positions;

namespace PgListener.Durable.Membership;

/// <summary>The last run of each shard in this process, whichever session it belonged to. A shard is not taken again too early.</summary>
internal sealed class FormerRuns(TimeProvider time)
{
    /// <summary>How long a shard whose run has ended by itself is left to others.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<ShardKey, (IShardRun Run, long? EndedByItself)> _runs = new();

    /// <summary>Notes a run that has ended, or was told to.</summary>
    public void Add(ShardKey shard, IShardRun run, bool byItself) => _runs[shard] = (run, byItself ? time.GetTimestamp() : null);

    /// <summary>Whether the shard can be taken.</summary>
    public bool Allow(ShardKey shard)
        => !_runs.TryGetValue(shard, out var former) || (former.Run.Completion.IsCompleted && (former.EndedByItself is not { } since || time.GetElapsedTime(since) >= Pause));
}
