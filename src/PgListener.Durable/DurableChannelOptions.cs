using System.ComponentModel.DataAnnotations;

namespace PgListener;

/// <summary>The settings of a listener's durable channels, bound from the section <c>Durable</c> within the listener's section.</summary>
public sealed class DurableChannelOptions : IValidatableObject
{
    /// <summary>Whether the schema <c>pglistener</c> is created, or brought up to date, at the start. For development; in production, let a migration do it.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool CreateSchema { get; set; }

    /// <summary>The longest payload that is published, in bytes in UTF-8.</summary>
    /// <value>The default is 1,048,576 (1 MiB). From 1 to 67,108,864 (64 MiB).</value>
    public int MaxPayloadBytes { get; set; } = 1024 * 1024;

    /// <summary>How long the log keeps a message for a subscription that has not got to it. After that the message is dropped, and the subscription is told by a <see cref="Resync"/> with <see cref="ResyncReason.Retention"/>.</summary>
    /// <value>The default is 7 days. From 1 hour to 3,650 days.</value>
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>The longest time between two looks for new messages while nothing happens. A look is one statement for all subscriptions of the process. It finds what no wake-up has told of.</summary>
    /// <value>The default is 1 second. From 10 milliseconds to 1 minute.</value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The time after which the server ends the session of an instance that no longer answers, such as one whose machine is gone; another instance then takes over.</summary>
    /// <remarks>An instance whose process has ended is noticed at once. The time is at least twice <see cref="PollInterval"/>.</remarks>
    /// <value>The default is 5 seconds. From 1 second to 10 minutes.</value>
    public TimeSpan SessionTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The most messages that are read from the log at a time.</summary>
    /// <value>The default is 1,000. From 1 to 10,000.</value>
    public int PageSize { get; set; } = 1_000;

    /// <summary>The bytes of payload after which a page ends, so that large messages do not fill the memory. Each shard has up to two pages.</summary>
    /// <value>The default is 4,194,304 (4 MiB). From 1,024 up.</value>
    public long PageBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>The lag above which the listener's health check is degraded, and the log says so: the age of the oldest message that waits for a handler of this process. Also how long a message may block a shard (<see cref="FailureMode.Block"/>).</summary>
    /// <value>The default is <see langword="null"/>: no lag is too long, and a message may block a shard for 1 minute. From 1 second to 365 days.</value>
    public TimeSpan? MaxHealthyLag { get; set; }

    /// <summary>Whether the listener's health check is degraded while a handler of this process has dead letters.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool DegradeOnDeadLetters { get; set; }

    /// <summary>Checks every setting.</summary>
    /// <param name="validationContext">Not used.</param>
    /// <returns>A result for each setting that is out of range, with the setting's name as its member.</returns>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
        => Setting.Problems(
            Setting.InRange(nameof(MaxPayloadBytes), MaxPayloadBytes, 1, 64 * 1024 * 1024),
            Setting.InRange(nameof(MaxAge), MaxAge, TimeSpan.FromHours(1), TimeSpan.FromDays(3650)),
            Setting.InRange(nameof(PollInterval), PollInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1)),
            Setting.InRange(nameof(SessionTimeout), SessionTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
            Setting.InRange(nameof(SessionTimeout), SessionTimeout, PollInterval * 2, TimeSpan.FromMinutes(10)),
            Setting.InRange(nameof(PageSize), PageSize, 1, 10_000),
            Setting.InRange(nameof(PageBytes), PageBytes, 1024, long.MaxValue),
            Setting.InRangeIfSet(nameof(MaxHealthyLag), MaxHealthyLag, TimeSpan.FromSeconds(1), TimeSpan.FromDays(365)));
}
