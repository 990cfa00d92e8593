namespace PgListener.Durable.Membership;

/// <summary>A row of the table <c>subscription</c>.</summary>
internal sealed record SeenSubscription(int Id, int Shards, bool Paused);
