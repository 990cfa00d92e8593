namespace PgListener.Durable.Retention;

/// <summary>What became of some rows of a channel.</summary>
/// <param name="Upto">The highest id among them.</param>
/// <param name="Rows">How many they were.</param>
/// <param name="Deleted">How many of them were deleted.</param>
/// <param name="Losses">What subscriptions had not passed.</param>
internal sealed record RowBatch(long Upto, int Rows, int Deleted, IReadOnlyList<Loss> Losses);
