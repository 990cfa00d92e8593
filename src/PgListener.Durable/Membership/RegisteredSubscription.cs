namespace PgListener.Durable.Membership;

/// <summary>A subscription as the database knows it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Definition">The handler.</param>
/// <param name="Shards">Its number of shards, which may differ from the configured one until it can be changed.</param>
internal sealed record RegisteredSubscription(int Id, DurableSubscription Definition, int Shards);
