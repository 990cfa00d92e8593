using System.ComponentModel.DataAnnotations;
using PgListener.HybridCaching;

namespace PgListener;

/// <summary>The settings of a hybrid cache whose instances keep each other coherent. Checked when the host starts.</summary>
/// <remarks>For a keyed cache they are named options, with the key as their name.</remarks>
public sealed class HybridCacheCoherenceOptions : IValidatableObject
{
    /// <summary>The name of the listener whose connection and publisher are used.</summary>
    /// <value>The default is empty: the listener without a name, which <c>AddPgListener()</c> adds.</value>
    public string ListenerName { get; set; } = "";

    /// <summary>The channel that the instances of this cache share. The listener's <see cref="ListenerOptions.ChannelPrefix"/> is put before it.</summary>
    /// <remarks>Applications that share a database and have different caches should have different channels, so that none removes the values of another.</remarks>
    /// <value>The default is <c>hybrid_cache</c>; for a keyed cache, <c>hybrid_cache:{key}</c>. 1 to 63 bytes in UTF-8 together with the prefix.</value>
    public string Channel { get; set; } = CacheRegistration.DefaultChannel;

    /// <summary>The shortest time between two notifications. Removals in between are batched into as few notifications as possible.</summary>
    /// <remarks>A removal after a pause is sent at once.</remarks>
    /// <value>The default is 5 milliseconds. From 0 to 1 second.</value>
    public TimeSpan CoalesceWindow { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>How long the local level is used while the listener is not listening, so that what other instances remove is not known.</summary>
    /// <remarks>
    /// <para>
    /// When the listener listens again, the local level is cleared, so no value is stale for longer than the outage. This limits it further: after this time, values
    /// come from the shared level or the source only.
    /// </para>
    /// <para>With 0, the cache never returns a value that may be out of date because of a known outage. Each read then goes to the shared level or the source, which is often the database that has just come back.</para>
    /// </remarks>
    /// <value>The default is 30 seconds: a restart or a failover does not send every read to the database. The minimum is 0; <see cref="Timeout.InfiniteTimeSpan"/> means no limit.</value>
    public TimeSpan MaxOutage { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The maximum time that host shutdown waits for the other instances to be notified.</summary>
    /// <value>The default is 5 seconds. From 0 to 1 minute.</value>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Checks every setting.</summary>
    /// <param name="validationContext">Not used.</param>
    /// <returns>A result for each setting that is out of range, with the setting's name as its member.</returns>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
        => Setting.Problems(
            ListenerName is null ? Setting.Problem(nameof(ListenerName), "must not be null") : null,
            ProblemOfChannel(),
            Setting.InRange(nameof(CoalesceWindow), CoalesceWindow, TimeSpan.Zero, TimeSpan.FromSeconds(1)),
            MaxOutage == Timeout.InfiniteTimeSpan ? null : Setting.InRange(nameof(MaxOutage), MaxOutage, TimeSpan.Zero, TimeSpan.MaxValue),
            Setting.InRange(nameof(StopTimeout), StopTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(1)));

    private ValidationResult? ProblemOfChannel()
    {
        try
        {
            ChannelName.ThrowIfInvalid(Channel);
            return null;
        }
        catch (ArgumentException e)
        {
            return new($"{nameof(Channel)} is not valid: {e.Message}", [nameof(Channel)]);
        }
    }
}
