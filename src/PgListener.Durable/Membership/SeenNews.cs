namespace PgListener.Durable.Membership;

/// <summary>A shard for which there is something to read, to retry or to announce.</summary>
internal sealed record SeenNews(int Subscription, int Shard);
