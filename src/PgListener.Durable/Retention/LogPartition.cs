namespace PgListener.Durable.Retention;

/// <summary>A partition of the log.</summary>
/// <param name="Name">Its name with its schema, quoted where that is needed.</param>
/// <param name="From">When its time begins; <see langword="null"/> for the default partition.</param>
/// <param name="Until">When it ends.</param>
/// <param name="IsOver">Whether that was some time ago, so that nothing is written into it any more.</param>
/// <param name="IsOverAge">Whether all that it may have is older than the log keeps messages.</param>
internal sealed record LogPartition(string Name, DateTimeOffset? From, DateTimeOffset? Until, bool IsOver, bool IsOverAge);
