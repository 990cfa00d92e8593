using System.ComponentModel.DataAnnotations;

namespace PgListener;

/// <summary>The settings of one handler or callback. A setting that is <see langword="null"/> is taken from the listener's <see cref="ListenerOptions"/>.</summary>
public class HandlerOptions : IValidatableObject
{
    /// <summary>Creates settings with their defaults.</summary>
    public HandlerOptions()
    {
    }

    /// <summary>Creates a copy.</summary>
    /// <param name="other">The settings to copy.</param>
    public HandlerOptions(HandlerOptions other)
    {
        ArgumentNullException.ThrowIfNull(other);
        QueueCapacity = other.QueueCapacity;
        QueueCapacityBytes = other.QueueCapacityBytes;
        FullQueueMode = other.FullQueueMode;
        MaxBackpressure = other.MaxBackpressure;
        MaxConcurrency = other.MaxConcurrency;
        Timeout = other.Timeout;
    }

    /// <inheritdoc cref="ListenerOptions.QueueCapacity"/>
    /// <value>The default is <see langword="null"/>: as set for the listener. From 1 to 100,000,000.</value>
    public int? QueueCapacity { get; set; }

    /// <inheritdoc cref="ListenerOptions.QueueCapacityBytes"/>
    /// <value>The default is <see langword="null"/>: as set for the listener. From 1 byte up.</value>
    public long? QueueCapacityBytes { get; set; }

    /// <summary>What happens when the queue is full.</summary>
    /// <value>The default is <see langword="null"/>: as set for the listener; for streams, <see cref="PgListener.FullQueueMode.Drop"/>.</value>
    public FullQueueMode? FullQueueMode { get; set; }

    /// <inheritdoc cref="ListenerOptions.MaxBackpressure"/>
    /// <value>The default is <see langword="null"/>: as set for the listener. From 0 to 1 hour.</value>
    public TimeSpan? MaxBackpressure { get; set; }

    /// <summary>How many notifications may be in progress at a time. Above 1, they are no longer handled in order.</summary>
    /// <remarks>A <see cref="Resync"/> keeps its place: it waits for the notifications before it, and those after it wait for it.</remarks>
    /// <value>The default is 1. From 1 to 10,000.</value>
    public int MaxConcurrency { get; set; } = 1;

    /// <summary>The time after which the cancellation token of one call is cancelled.</summary>
    /// <remarks>
    /// Only the handler itself can end its call: pass the token on to what it waits for. A call that is still running after the same time again (at least 1
    /// second, at most 30) hangs. An error in the log names it. Until it ends, <see cref="SubscriptionStatistics.Hanging"/> counts it, and the health check is degraded.
    /// Do not use the token after the call has ended: a later call may have the same one. A token that was cancelled is never used again.
    /// </remarks>
    /// <value>The default is <see langword="null"/>: never. From 1 millisecond to 1 day.</value>
    public TimeSpan? Timeout { get; set; }

    /// <summary>Checks every setting.</summary>
    /// <param name="validationContext">Not used.</param>
    /// <returns>A result for each setting that is out of range, with the setting's name as its member.</returns>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
        => Setting.Problems(
            Setting.InRangeIfSet(nameof(QueueCapacity), QueueCapacity, 1, ListenerOptions.MaxQueueCapacity),
            Setting.InRangeIfSet(nameof(QueueCapacityBytes), QueueCapacityBytes, 1, long.MaxValue),
            FullQueueMode is { } mode ? Setting.IsDefined(nameof(FullQueueMode), mode) : null,
            Setting.InRangeIfSet(nameof(MaxBackpressure), MaxBackpressure, TimeSpan.Zero, TimeSpan.FromHours(1)),
            Setting.InRange(nameof(MaxConcurrency), MaxConcurrency, 1, 10_000),
            Setting.InRangeIfSet(nameof(Timeout), Timeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1)));
}
