using System.ComponentModel.DataAnnotations;

namespace PgListener;

/// <summary>The settings of a handler on a durable channel, besides its <see cref="HandlerOptions.MaxConcurrency"/> and <see cref="HandlerOptions.Timeout"/>.</summary>
public sealed class DurableHandlerOptions : IValidatableObject
{
    /// <summary>The highest number of shards.</summary>
    internal const int MaxShards = 256;

    /// <summary>Creates settings with their defaults.</summary>
    public DurableHandlerOptions()
    {
    }

    /// <summary>Creates a copy.</summary>
    /// <param name="other">The settings to copy.</param>
    public DurableHandlerOptions(DurableHandlerOptions other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Mode = other.Mode;
        StartFrom = other.StartFrom;
        Shards = other.Shards;
        OnFailure = other.OnFailure;
        MaxAttempts = other.MaxAttempts;
        RetryDelay = other.RetryDelay;
        MaxRetryDelay = other.MaxRetryDelay;
    }

    /// <summary>How the instances of the application share the messages.</summary>
    /// <value>The default is <see cref="DurableMode.Shared"/>.</value>
    public DurableMode Mode { get; set; }

    /// <summary>Where the subscription begins when it is created.</summary>
    /// <value>The default is <see langword="null"/>: <see cref="DurableStart.Earliest"/> if instances share it, <see cref="DurableStart.Now"/> if each has its own.</value>
    public DurableStart? StartFrom { get; set; }

    /// <summary>Into how many parts the messages are divided by their key. Each part is handled by one instance at a time.</summary>
    /// <value>The default is 1. From 1 to 256.</value>
    public int Shards { get; set; } = 1;

    /// <summary>What happens to the messages behind one that has failed.</summary>
    /// <value>The default is <see cref="FailureMode.ParkKey"/>.</value>
    public FailureMode OnFailure { get; set; }

    /// <summary>How often a message is attempted before it becomes a dead letter. With <see cref="FailureMode.Block"/> it never becomes one.</summary>
    /// <value>The default is 10. From 1 to 1,000.</value>
    public int MaxAttempts { get; set; } = 10;

    /// <summary>The time between the first attempt and the second. It doubles with each further attempt, and varies at random by a quarter.</summary>
    /// <value>The default is 1 second. From 1 millisecond to 1 day.</value>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest time between two attempts.</summary>
    /// <value>The default is 5 minutes. From <see cref="RetryDelay"/> to 1 day.</value>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Where the subscription begins when it is created.</summary>
    internal DurableStart EffectiveStart => StartFrom ?? (Mode == DurableMode.Shared ? DurableStart.Earliest : DurableStart.Now);

    /// <summary>Checks every setting.</summary>
    /// <param name="validationContext">Not used.</param>
    /// <returns>A result for each setting that is out of range, with the setting's name as its member.</returns>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
        => Setting.Problems(
            Setting.IsDefined(nameof(Mode), Mode),
            StartFrom is { } start ? Setting.IsDefined(nameof(StartFrom), start) : null,
            Setting.InRange(nameof(Shards), Shards, 1, MaxShards),
            Setting.IsDefined(nameof(OnFailure), OnFailure),
            Setting.InRange(nameof(MaxAttempts), MaxAttempts, 1, 1_000),
            Setting.InRange(nameof(RetryDelay), RetryDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1)),
            Setting.InRange(nameof(MaxRetryDelay), MaxRetryDelay, RetryDelay, TimeSpan.FromDays(1)));
}
