using System.ComponentModel.DataAnnotations;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace PgListener;

/// <summary>The settings of a <see cref="NotificationPublisher"/>. They are read when it is created; later changes have no effect.</summary>
public class NotificationPublisherOptions : IValidatableObject
{
    /// <summary>Whether identical notifications of one transaction all arrive. PostgreSQL merges them into one.</summary>
    /// <remarks>
    /// They are made distinct by white space at the end of the payload, up to 32 bytes, which JSON ignores. On channels that do not
    /// ignore it (see <see cref="INotificationChannel{TSelf}.IgnoresTrailingWhitespace"/>) that is not possible, and a publish that
    /// PostgreSQL might merge throws an <see cref="InvalidOperationException"/>.
    /// </remarks>
    /// <value>The default is <see langword="false"/>: they are merged.</value>
    public bool AllowDuplicates { get; set; }

    /// <summary>How long a publish waits for others to share a transaction with, for applications with many writers.</summary>
    /// <remarks>
    /// Every commit that notifies takes one lock for the whole server; fewer commits mean less waiting for it. With
    /// <see cref="TimeSpan.Zero"/> only what is published while a commit is under way shares the next one. In either case the next transaction
    /// begins when the callers of the last one have continued, or after a millisecond, so that those who publish again at once are part of it.
    /// Publishes on the caller's own connection or in an ambient transaction are never delayed or shared.
    /// </remarks>
    /// <value>The default is <see langword="null"/>: each publish is a transaction of its own. From 0 to 1 second.</value>
    public TimeSpan? CoalesceWindow { get; set; }

    /// <summary>How many notifications may share a transaction. When that many wait, the window ends.</summary>
    /// <remarks>The values of one <c>PublishManyAsync</c> always share a transaction, however many they are.</remarks>
    /// <value>The default is 1,000. From 1 to 100,000.</value>
    public int MaxCoalesced { get; set; } = 1_000;

    /// <summary>How many publishes may wait for a shared transaction. One more throws an <see cref="InvalidOperationException"/>.</summary>
    /// <value>The default is 10,000. From 1 to 1,000,000.</value>
    public int MaxWaiting { get; set; } = 10_000;

    /// <summary>How long disposing of the publisher waits for coalesced publishes to be committed. Those that are not committed by then fail.</summary>
    /// <value>The default is 5 seconds. From 0 to 1 day.</value>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether to add the trace context to JSON payloads, as one more property, <c>$trace</c>. Listeners with
    /// <see cref="ListenerOptions.PropagateTraceContext"/> link their spans to it, and remove it before anything reads the payload.
    /// </summary>
    /// <remarks>Listeners without that setting, and other programs, see the property. It is left out of a payload that it would make too long.</remarks>
    /// <value>The default is <see langword="false"/>.</value>
    public bool PropagateTraceContext { get; set; }

    /// <summary>A prefix of the name of every channel at the server. Listeners with the same prefix get the notifications.</summary>
    /// <value>The default is <see langword="null"/>: no prefix; with a host, that of the listener. At most 62 bytes in UTF-8.</value>
    public string? ChannelPrefix { get; set; }

    /// <summary>The publisher's name in metrics and traces, to tell several in a process apart.</summary>
    /// <value>The default is empty: no name.</value>
    public string Name { get; set; } = "";

    /// <summary>Where to log.</summary>
    /// <value>The default is <see langword="null"/>: nowhere. With a host, the host's.</value>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>The clock.</summary>
    /// <value>The default is <see langword="null"/>: the system's. With a host, the <see cref="System.TimeProvider"/> that is registered, if there is one.</value>
    public TimeProvider? TimeProvider { get; set; }

    /// <summary>Where the meter of the metrics comes from.</summary>
    /// <value>The default is <see langword="null"/>: a meter of its own. With a host, the host's.</value>
    public IMeterFactory? MeterFactory { get; set; }

    /// <summary>The names of channels that have another one here than their types say.</summary>
    internal IReadOnlyDictionary<Type, string> ChannelNames { get; private set; } = new Dictionary<Type, string>();

    /// <summary>Publishes a type's values on another channel than the type says.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="channelName">The channel: 1 to 63 bytes in UTF-8 together with <see cref="ChannelPrefix"/>.</param>
    /// <exception cref="ArgumentException">The channel's name is not valid.</exception>
    public void MapChannel<TChannel>(string channelName)
        where TChannel : INotificationChannel<TChannel>
    {
        ChannelName.ThrowIfInvalid(channelName);
        MapChannels([new(typeof(TChannel), channelName)]);
    }

    /// <summary>Does the same for names that were checked. Snapshots that were taken before keep their own.</summary>
    internal void MapChannels(IEnumerable<KeyValuePair<Type, string>> channelNames)
    {
        var all = new Dictionary<Type, string>(ChannelNames);
        foreach (var (channel, name) in channelNames)
            all[channel] = name;
        ChannelNames = all;
    }

    /// <summary>Checks every setting.</summary>
    /// <param name="validationContext">Not used.</param>
    /// <returns>A result for each setting that is out of range, with the setting's name as its member.</returns>
    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
        => Setting.Problems(
            Name is null ? Setting.Problem(nameof(Name), "must not be null") : null,
            Setting.IsChannelPrefix(nameof(ChannelPrefix), ChannelPrefix),
            Setting.InRangeIfSet(nameof(CoalesceWindow), CoalesceWindow, TimeSpan.Zero, TimeSpan.FromSeconds(1)),
            Setting.InRange(nameof(MaxCoalesced), MaxCoalesced, 1, 100_000),
            Setting.InRange(nameof(MaxWaiting), MaxWaiting, 1, 1_000_000),
            Setting.InRange(nameof(StopTimeout), StopTimeout, TimeSpan.Zero, TimeSpan.FromDays(1)));

    internal NotificationPublisherOptions Snapshot() => (NotificationPublisherOptions)MemberwiseClone();
}
