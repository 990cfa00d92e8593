namespace PgListener.Durable.Operations;

/// <summary>The messages that a shard has not got to.</summary>
/// <param name="Messages">How many, as far as they were counted.</param>
/// <param name="IsAtLeast">Whether there may be more.</param>
/// <param name="Next">The lowest id.</param>
/// <param name="Age">The age of the oldest.</param>
internal readonly record struct ShardLag(long Messages, bool IsAtLeast, long? Next, TimeSpan? Age);
