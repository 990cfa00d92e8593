namespace PgListener.Durable.Membership;

/// <summary>A shard for which there is something to read, to retry or to announce.</summary>
/// <param name="Subscription">The number of the subscription.</param>
/// <param name="Shard">The shard.</param>
/// <param name="Retries">Whether a message that has stepped aside is due.</param>
internal sealed record SeenNews(int Subscription, int Shard, bool Retries);
