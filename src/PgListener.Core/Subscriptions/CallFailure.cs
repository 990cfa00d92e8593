namespace PgListener.Subscriptions;

/// <summary>Why a call has failed.</summary>
/// <param name="ErrorType">What kind of error it is, as it is counted.</param>
/// <param name="Exception">What was thrown.</param>
internal sealed record CallFailure(string ErrorType, Exception Exception);
