using PgListener.Durable.Log;
using PgListener.Durable.Positions;

namespace PgListener.Durable.Membership;

/// <summary>A shard whose lock this session holds.</summary>
internal sealed class HeldShard(RegisteredSubscription subscription, int shard)
{
    private Task? _stop;
    private LogPosition? _told;

    public ShardKey Id { get; } = new(subscription.Id, shard);

    public long Key { get; } = AdvisoryKey.Of(subscription.Id, shard);

    /// <summary>The run; <see langword="null"/> until a look after that which took the lock has shown that the subscription is as it was.</summary>
    public IShardRun? Run { get; private set; }

    /// <summary>Whether it is given up.</summary>
    public bool IsLeaving => _stop is not null;

    /// <summary>Whether the lock can be released.</summary>
    public bool IsOver => Run?.Completion.IsCompleted ?? IsLeaving;

    /// <summary>Whether it has read everything, so that there is something to look for.</summary>
    public bool IsWaiting => !IsLeaving && Run?.WaitingAt is not null;

    /// <summary>What to look for.</summary>
    public WaitingShard? Waiting
        => !IsLeaving && Run?.WaitingAt is { } at ? new(subscription.Id, shard, subscription.Shards, subscription.Definition.Channel, at.Seen, at.Floor) : null;

    /// <summary>Begins to walk it.</summary>
    /// <param name="runner">Walks it.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="onOver">Called when the run is over.</param>
    public void Start(IShardRunner runner, Cluster cluster, Action onOver)
    {
        Run = runner.Start(subscription, shard, cluster);
        _ = ReportAsync(Run.Completion, onOver);
    }

    /// <summary>Gives it up, as soon as the calls that are running have ended.</summary>
    /// <param name="hurry">Cancels those calls.</param>
    public Task LeaveAsync(CancellationToken hurry) => _stop ??= Run?.StopAsync(hurry) ?? Task.CompletedTask;

    /// <summary>Has it read once more, because there may be a new message.</summary>
    public void ReadAgain() => Run?.ReadAgain();

    /// <summary>Wakes it, because there is something for it.</summary>
    /// <param name="hasRetries">Whether a message that has stepped aside is due.</param>
    /// <returns>Whether it is the first time at this position.</returns>
    public bool Wake(bool hasRetries)
    {
        var at = Run?.WaitingAt;
        var isNew = at is not null && !ReferenceEquals(at, _told);
        _told = at;
        Run?.Wake(hasRetries);
        return isNew;
    }

    private static async Task ReportAsync(Task over, Action onOver)
    {
        await over.ConfigureAwait(false);
        onOver();
    }
}
