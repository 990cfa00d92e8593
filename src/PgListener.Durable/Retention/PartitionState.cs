namespace PgListener.Durable.Retention;

/// <summary>Whether a partition is still needed.</summary>
/// <param name="Snapshot">The snapshot in which that was seen.</param>
/// <param name="IsEmpty">Whether it has no row.</param>
/// <param name="IsAwaited">Whether a subscription has not passed some of it.</param>
/// <param name="IsUnheard">Whether it has messages of a channel without a subscription.</param>
/// <param name="Losses">What the subscriptions have not passed, if it is removed all the same.</param>
internal sealed record PartitionState(string Snapshot, bool IsEmpty, bool IsAwaited, bool IsUnheard, IReadOnlyList<Loss> Losses);
