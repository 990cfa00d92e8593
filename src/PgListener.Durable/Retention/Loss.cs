namespace PgListener.Durable.Retention;

/// <summary>Messages that were removed from the log before a shard of a subscription had got to them.</summary>
/// <param name="Subscription">The number of the subscription.</param>
/// <param name="Shard">The shard.</param>
/// <param name="Handler">The subscription's name.</param>
/// <param name="Channel">The channel's name in the log.</param>
/// <param name="Since">When the first of them was published.</param>
/// <param name="Until">When the last was.</param>
/// <param name="Messages">How many they are.</param>
internal sealed record Loss(int Subscription, int Shard, string Handler, string Channel, DateTimeOffset Since, DateTimeOffset Until, long Messages);
