namespace PgListener.Subscriptions;

/// <summary>The calls of one subscription that hang at one moment.</summary>
/// <param name="Count">How many there are, at least one.</param>
/// <param name="Since">When the longest-running of them began.</param>
internal sealed record HangingCalls(int Count, DateTimeOffset Since);
