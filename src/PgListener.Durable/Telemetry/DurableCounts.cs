using System.Collections.Concurrent;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener.Durable.Telemetry;

/// <summary>What this process has done for one subscription, in all of its shards. The listener's metrics report it like one of its own subscriptions. Thread-safe.</summary>
internal sealed class DurableCounts(string channel, string name) : MetricSeries(channel, name)
{
    private readonly ErrorCounts _errors = new();
    private readonly ConcurrentDictionary<Blockade, bool> _blockades = [];
    private readonly ConcurrentDictionary<CallLimits, bool> _limits = [];
    private long _received;
    private long _calls;
    private long _handled;
    private long _failed;
    private long _retried;
    private long _parked;
    private long _dead;
    private long _moves;
    private int _shards;

    /// <summary>As long as the listener exists.</summary>
    public override bool IsAlive => true;

    /// <summary>What waits is in the log.</summary>
    public override bool HasQueues => false;

    public override long Received => Interlocked.Read(ref _received);

    public override long Processed => Interlocked.Read(ref _calls);

    public override long Dropped => 0;

    public override long Replaced => 0;

    public override long Discarded => 0;

    public override long Queued => 0;

    public override long QueuedBytes => 0;

    public override long QueueCapacity => 0;

    public override long QueueCapacityBytes => 0;

    public override long Hanging => _limits.IsEmpty ? 0 : _limits.Keys.Sum(static limits => (long)(limits.Hanging?.Count ?? 0));

    public long Handled => Interlocked.Read(ref _handled);

    public long Failed => Interlocked.Read(ref _failed);

    public long Retried => Interlocked.Read(ref _retried);

    public long Parked => Interlocked.Read(ref _parked);

    public long Dead => Interlocked.Read(ref _dead);

    public long Moves => Interlocked.Read(ref _moves);

    /// <summary>The shards that are held.</summary>
    public int Shards => Volatile.Read(ref _shards);

    /// <summary>The messages that block their shards, the one that has done so for the longest time first.</summary>
    public IReadOnlyList<Blockade> Blockades => _blockades.IsEmpty ? [] : [.. _blockades.Keys.OrderBy(static blockade => blockade.Since).ThenBy(static blockade => blockade.Message)];

    public override long Gaps(ResyncReason reason) => 0;

    public override IReadOnlyCollection<KeyValuePair<string, long>> Errors() => Failed == 0 ? [] : _errors.ToArray();

    /// <summary>Messages were read from the log.</summary>
    public void Receive(int count) => Interlocked.Add(ref _received, count);

    /// <summary>A call of the handler has ended.</summary>
    public void Call(bool isFirst, string? errorType)
    {
        Interlocked.Increment(ref _calls);
        if (!isFirst)
            Interlocked.Increment(ref _retried);
        if (errorType is null)
            return;

        Interlocked.Increment(ref _failed);
        _errors.Add(errorType);
    }

    /// <summary>A message was handled.</summary>
    public void Handle() => Interlocked.Increment(ref _handled);

    /// <summary>A message steps aside.</summary>
    public void Park() => Interlocked.Increment(ref _parked);

    /// <summary>A message has failed, and is attempted later, or is a dead letter.</summary>
    /// <param name="isFirst">Whether it steps aside now, and has not before.</param>
    /// <param name="isDead">Whether it is a dead letter.</param>
    public void Fail(bool isFirst, bool isDead)
    {
        if (isFirst)
            Park();
        if (isDead)
            Interlocked.Increment(ref _dead);
    }

    /// <summary>The position was moved.</summary>
    public void Move() => Interlocked.Increment(ref _moves);

    /// <summary>A shard is held until what is returned is disposed of.</summary>
    public IDisposable CountShard()
    {
        Interlocked.Increment(ref _shards);
        return new End(() => Interlocked.Decrement(ref _shards));
    }

    /// <summary>Calls have time limits, until what is returned is disposed of.</summary>
    public IDisposable Watch(CallLimits limits)
    {
        _limits[limits] = true;
        return new End(() => _limits.TryRemove(limits, out _));
    }

    /// <summary>A message blocks its shard until what is returned is disposed of.</summary>
    public IDisposable Block(int shard, long message, DateTimeOffset now)
    {
        var blockade = new Blockade(shard, message, now);
        _blockades[blockade] = true;
        return new End(() => _blockades.TryRemove(blockade, out _));
    }

    private sealed class End(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
