using PgListener.Durable.Failures;
using PgListener.Durable.Log;

namespace PgListener.Durable.Walks;

/// <summary>A message on its way to the handler.</summary>
/// <param name="message">The message.</param>
/// <param name="failedAttempts">How many attempts have failed, for one that comes from the table of retries; <see langword="null"/> for one from the log.</param>
internal sealed class Delivery(LogMessage message, int? failedAttempts = null)
{
    public LogMessage Message => message;

    /// <summary>Whether it comes from the table of retries.</summary>
    public bool IsRetry => failedAttempts is not null;

    /// <summary>How many attempts have failed before this delivery.</summary>
    public int FailedAttempts => failedAttempts ?? 0;

    /// <summary>Changed and read under the lock of <see cref="Progress"/>.</summary>
    public DeliveryState State { get; set; }

    /// <summary>Why it steps aside, if it does.</summary>
    public Parking? Parking { get; set; }
}
