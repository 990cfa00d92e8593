namespace PgListener.Durable.Failures;

/// <summary>When a message that has failed is attempted again.</summary>
internal static class RetryPolicy
{
    /// <summary>The time until the next attempt: doubled with each failure, up to the longest, and varied by up to a quarter.</summary>
    /// <param name="failedAttempts">How many attempts have failed, from 1.</param>
    /// <param name="options">The handler's settings.</param>
    /// <param name="random">A number from 0 (inclusive) to 1 (exclusive).</param>
    public static TimeSpan DelayAfter(int failedAttempts, DurableHandlerOptions options, double random)
    {
        var delay = Math.Min(options.RetryDelay.Ticks * Math.Pow(2, Math.Min(failedAttempts - 1, 40)), options.MaxRetryDelay.Ticks);
        return TimeSpan.FromTicks((long)Math.Min(delay * (0.75 + (random / 2)), options.MaxRetryDelay.Ticks));
    }

    /// <summary>What becomes of a message whose attempt has failed.</summary>
    public static Parking After(int failedAttempts, Exception error, DurableHandlerOptions options, double random)
        => failedAttempts >= options.MaxAttempts
            ? new(failedAttempts, null, IsDead: true, error)
            : new(failedAttempts, DelayAfter(failedAttempts, options, random), IsDead: false, error);
}
