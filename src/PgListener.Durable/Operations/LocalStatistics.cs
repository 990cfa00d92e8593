using PgListener.Durable.Membership;
using PgListener.Durable.Telemetry;

namespace PgListener.Durable.Operations;

/// <summary>What this process has done and knows.</summary>
/// <param name="state">How the coordination goes.</param>
/// <param name="subscriptions">The handlers of this process.</param>
/// <param name="instance">Its name, for subscriptions that each instance has of its own.</param>
internal sealed class LocalStatistics(CoordinationState state, IReadOnlyList<DurableSubscription> subscriptions, string instance)
{
    /// <summary>The names of the subscriptions of this process.</summary>
    public IReadOnlyDictionary<DurableSubscriptionName, DurableSubscription> Subscriptions { get; } = subscriptions.ToDictionary(
        subscription => new DurableSubscriptionName(subscription.LogicalChannel, subscription.Name, subscription.Options.Mode == DurableMode.PerInstance ? instance : ""));

    public CoordinationState State => state;

    public DurableStatistics Read()
    {
        var (isWorking, _, _, problem) = state.Current;
        return new()
        {
            IsCoordinating = isWorking,
            Problem = problem,
            Looks = state.Looks,
            LooksWithNews = state.LooksWithNews,
            WakeUps = state.WakeUps,
            Subscriptions = [.. Subscriptions.Select(static entry => Read(entry.Key, entry.Value))],
        };
    }

    /// <summary>Adds to what the database has which shards are blocked here.</summary>
    public IReadOnlyList<DurableSubscriptionStatus> WithBlockades(IReadOnlyList<DurableSubscriptionStatus> status) => [.. status.Select(subscription =>
        Subscriptions.TryGetValue(subscription.Name, out var known) && known.Counts.Blockades is { Count: > 0 } blockades
            ? subscription with { Shards = [.. subscription.Shards.Select(shard => With(shard, blockades.FirstOrDefault(blockade => blockade.Shard == shard.Shard)))] }
            : subscription)];

    private static DurableShardStatus With(DurableShardStatus shard, Blockade? blockade) => shard with { BlockedSince = blockade?.Since, BlockedMessage = blockade?.Message };

    private static DurableSubscriptionStatistics Read(DurableSubscriptionName name, DurableSubscription subscription)
    {
        var counts = subscription.Counts;
        var blockade = counts.Blockades is [var first, ..] ? first : null;
        return new()
        {
            Name = name,
            Shards = counts.Shards,
            Received = counts.Received,
            Handled = counts.Handled,
            Failed = counts.Failed,
            Retried = counts.Retried,
            Parked = counts.Parked,
            DeadLetters = counts.Dead,
            PositionMoves = counts.Moves,
            BlockedSince = blockade?.Since,
            BlockedMessage = blockade?.Message,
        };
    }
}
