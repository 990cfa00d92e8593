namespace PgListener;

/// <summary>How many messages have stepped aside with the same type of error.</summary>
/// <param name="Subscription">The subscription for which they have.</param>
/// <param name="ErrorType">The type of the last error, or the server's SQLSTATE; <see langword="null"/> for those that have not failed themselves.</param>
/// <param name="Count">How many.</param>
/// <param name="OldestFailure">When the first of their last attempts failed.</param>
public sealed record ParkedMessageCount(DurableSubscriptionName Subscription, string? ErrorType, long Count, DateTimeOffset? OldestFailure);
