namespace PgListener.Durable.Membership;

/// <summary>The subscriptions to register.</summary>
/// <param name="System">The cluster.</param>
/// <param name="Base">As <see cref="Cluster.Base"/>.</param>
/// <param name="Nothing">A snapshot that shows nothing.</param>
/// <param name="Current">The snapshot at which a subscription begins that begins now.</param>
/// <param name="Wanted">The subscriptions.</param>
internal sealed record RegisterRequest(long System, long Base, string Nothing, string Current, IReadOnlyList<WantedSubscription> Wanted);
