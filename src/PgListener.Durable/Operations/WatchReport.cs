using Microsoft.Extensions.Logging;
using PgListener.Durable.Telemetry;

namespace PgListener.Durable.Operations;

/// <summary>Logs what a reading shows to be wrong: once when it begins, and once when it is over.</summary>
internal sealed class WatchReport(DurableChannelOptions options, LocalStatistics local, TimeProvider time, ILogger logger)
{
    /// <summary>How long a message may block a shard if no bound is set.</summary>
    private static readonly TimeSpan DefaultBound = TimeSpan.FromMinutes(1);

    private readonly Dictionary<(DurableSubscriptionName Name, int Shard), long> _freeSince = [];
    private readonly HashSet<DurableSubscriptionName> _late = [];
    private readonly HashSet<Blockade> _blockades = [];
    private HashSet<(DurableSubscriptionName Name, int Shard)> _withoutHolder = [];

    /// <summary>The shards that nobody has held for too long.</summary>
    public IReadOnlyList<(DurableSubscriptionName Name, int Shard)> WithoutHolder
    {
        get
        {
            lock (_freeSince)
                return [.. _withoutHolder];
        }
    }

    /// <summary>How long a message may block a shard.</summary>
    public static TimeSpan BlockedBound(DurableChannelOptions options) => options.MaxHealthyLag ?? DefaultBound;

    /// <summary>Whether a subscription's lag is above the bound. A paused one is not meant to keep up.</summary>
    public static bool IsLate(DurableSubscriptionStatus status, DurableChannelOptions options) => status.PausedSince is null && options.MaxHealthyLag is { } bound && status.Lag > bound;

    /// <summary>Notes a reading.</summary>
    public void Note(IReadOnlyList<DurableSubscriptionStatus> reading)
    {
        foreach (var status in reading)
            NoteLag(status);
        NoteHolders(reading);
        NoteBlockades();
    }

    private void NoteLag(DurableSubscriptionStatus status)
    {
        if (options.MaxHealthyLag is not { } bound)
            return;

        var (handler, channel) = (status.Name.Handler, status.Name.Channel);
        if (!IsLate(status, options))
        {
            if (_late.Remove(status.Name))
                logger.LagBelowBound(handler, channel, bound);
        }
        else if (_late.Add(status.Name))
        {
            logger.LagAboveBound(handler, channel, status.Lag!.Value, bound, status.LagMessages);
        }
    }

    private void NoteHolders(IReadOnlyList<DurableSubscriptionStatus> reading)
    {
        // A holder that vanished is gone after the session timeout, and another one takes over with its next look.
        var bound = (options.SessionTimeout * 2) + options.PollInterval;
        var without = new HashSet<(DurableSubscriptionName Name, int Shard)>();
        foreach (var status in reading)
        {
            foreach (var shard in status.Shards)
            {
                var key = (status.Name, shard.Shard);
                if (shard.Holder is not null || status.PausedSince is not null)
                {
                    _freeSince.Remove(key);
                    if (shard.Holder is not null && _withoutHolder.Contains(key))
                        logger.ShardHeldAgain(shard.Shard, status.Name.Handler, status.Name.Channel);
                    continue;
                }

                _freeSince.TryAdd(key, time.GetTimestamp());
                var lasted = time.GetElapsedTime(_freeSince[key]);
                if (lasted < bound)
                    continue;

                without.Add(key);
                if (!_withoutHolder.Contains(key))
                    logger.ShardWithoutHolder(shard.Shard, status.Name.Handler, status.Name.Channel, (long)lasted.TotalSeconds, shard.LagMessages);
            }
        }

        lock (_freeSince)
            _withoutHolder = without;
    }

    private void NoteBlockades()
    {
        var bound = BlockedBound(options);
        var current = new HashSet<Blockade>();
        foreach (var (name, subscription) in local.Subscriptions)
        {
            foreach (var blockade in subscription.Counts.Blockades.Where(blockade => time.GetUtcNow() - blockade.Since > bound))
            {
                current.Add(blockade);
                if (_blockades.Add(blockade))
                    logger.StillBlocked(blockade.Message, blockade.Shard, name.Handler, name.Channel, blockade.Since);
            }
        }

        _blockades.IntersectWith(current); // Its end is logged by the walk.
    }
}
