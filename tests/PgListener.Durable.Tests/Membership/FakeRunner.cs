using System.Collections.Concurrent;
using PgListener.Durable.Log;
using PgListener.Durable.Membership;

namespace PgListener.Durable.Tests.Membership;

/// <summary>Keeps the runs that were started.</summary>
internal sealed class FakeRunner : IShardRunner
{
    public ConcurrentQueue<FakeRun> All { get; } = new();

    /// <summary>When the calls of the runs started from now on end.</summary>
    public Task CallsEnd { get; set; } = Task.CompletedTask;

    /// <summary>Where the runs started from now on wait.</summary>
    public LogPosition? WaitAt { get; set; }

    public IReadOnlyList<FakeRun> Running => [.. All.Where(run => !run.Completion.IsCompleted)];

    public IShardRun Start(RegisteredSubscription subscription, int shard, Cluster cluster)
    {
        var run = new FakeRun(subscription, shard, CallsEnd) { WaitingAt = WaitAt };
        All.Enqueue(run);
        return run;
    }
}
