namespace PgListener.Durable.Membership;

/// <summary>The subscriptions to register.</summary>
/// <param name="System">The cluster.</param>
/// <param name="Nothing">A snapshot that shows nothing.</param>
/// <param name="Wanted">The subscriptions.</param>
internal sealed record RegisterRequest(long System, string Nothing, IReadOnlyList<WantedSubscription> Wanted);
