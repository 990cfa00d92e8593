namespace PgListener.Durable.Membership;

/// <summary>What a look does and asks, in one statement for all subscriptions of the process.</summary>
/// <param name="Base">The cluster's base.</param>
internal sealed record LookRequest(long Base)
{
    /// <summary>The subscriptions, by their numbers.</summary>
    public IList<int> Subscriptions { get; } = [];

    /// <summary>The membership locks to take.</summary>
    public IList<long> Join { get; } = [];

    /// <summary>The membership locks to release.</summary>
    public IList<long> Leave { get; } = [];

    /// <summary>The locks of shards to take if they are free.</summary>
    public IList<long> Take { get; } = [];

    /// <summary>The locks of shards to release.</summary>
    public IList<long> Release { get; } = [];

    /// <summary>The shards that wait for something new.</summary>
    public IList<WaitingShard> Waiting { get; } = [];
}
