namespace PgListener.Durable.Failures;

/// <summary>How a message steps aside.</summary>
/// <param name="FailedAttempts">How many attempts have failed; 0 if it waits behind another one.</param>
/// <param name="RetryIn">When the next attempt is due; <see langword="null"/> if it waits behind another one, or is a dead letter.</param>
/// <param name="IsDead">Whether it is a dead letter.</param>
/// <param name="Error">Why the last attempt has failed.</param>
internal sealed record Parking(int FailedAttempts, TimeSpan? RetryIn, bool IsDead, Exception? Error)
{
    /// <summary>Waits behind another message with the same key.</summary>
    public static Parking Behind { get; } = new(0, null, IsDead: false, null);
}
