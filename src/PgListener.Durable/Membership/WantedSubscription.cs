namespace PgListener.Durable.Membership;

/// <summary>A subscription to register.</summary>
/// <param name="N">Its place among those that are registered together.</param>
/// <param name="Channel">The channel's name in the log.</param>
/// <param name="Name">The handler's name.</param>
/// <param name="Instance">The instance, if each has its own.</param>
/// <param name="Shards">The number of shards, if it is created.</param>
/// <param name="Now">Whether it begins with what comes, if it is created.</param>
internal sealed record WantedSubscription(int N, string Channel, string Name, string Instance, int Shards, bool Now);
