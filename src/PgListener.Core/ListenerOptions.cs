using System.ComponentModel.DataAnnotations;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace PgListener;

/// <summary>The settings of a <see cref="Listener"/>. They are read when it is created; <see cref="Listener.Update"/> changes them later.</summary>
public class ListenerOptions : IValidatableObject
{
    internal const int MaxQueueCapacity = 100_000_000;

    /// <summary>How long the connection may be silent before the server is asked whether it is still there. The server has the same time to answer.</summary>
    /// <remarks>
    /// A dead peer is noticed within twice this time, also while reading is paused by a full queue: then the server is asked on a second connection. While
    /// the server executes a command of the listener, <see cref="CommandTimeout"/> applies.
    /// </remarks>
    /// <value>The default is 10 seconds. Whole seconds from 1 second to 1 hour.</value>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the server may take to answer a command of the listener, such as <c>LISTEN</c>.</summary>
    /// <remarks>With very many channels, the limit applies to each thousand of them. When the listener's own process is late because its thread pool is starved, the limit is extended.</remarks>
    /// <value>The default is 10 seconds. From 1 second to 1 hour.</value>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an attempt to connect to one host may take. It applies to a listener made from a connection string; a data source has its own <c>Timeout</c>.</summary>
    /// <value>The default is 10 seconds. From 1 second to 10 minutes.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest wait before the first attempt to connect again; it doubles with each failed attempt.</summary>
    /// <remarks>The wait itself is drawn at random between half of this and all of it, so that many clients do not return at once.</remarks>
    /// <value>The default is 200 milliseconds. From 1 millisecond to 1 hour, and no longer than <see cref="MaxReconnectDelay"/>.</value>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest wait between two attempts to connect. Attempts never end.</summary>
    /// <value>The default is 10 seconds. From 1 millisecond to 1 hour.</value>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many notifications one subscription may have queued or in progress.</summary>
    /// <value>The default is 10,000. From 1 to 100,000,000.</value>
    public int QueueCapacity { get; set; } = 10_000;

    /// <summary>
    /// How many bytes one subscription may have queued or in progress. A notification counts with two bytes for each character of its payload
    /// and 80 bytes more. A single notification always fits.
    /// </summary>
    /// <value>The default is 16 MiB. From 1 byte up.</value>
    public long QueueCapacityBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>What happens when the queue of a handler or callback is full. For streams the default is <see cref="FullQueueMode.Drop"/>, regardless of this setting.</summary>
    /// <value>The default is <see cref="FullQueueMode.Wait"/>.</value>
    public FullQueueMode FullQueueMode { get; set; } = FullQueueMode.Wait;

    /// <summary>
    /// How long one full queue may pause reading. After that its subscription has overflowed, and its newest notifications are dropped. The time counts
    /// while reading is paused and this queue is full, since reading last caught up with the server.
    /// </summary>
    /// <value>The default is 30 seconds. From 0 to 1 hour.</value>
    public TimeSpan MaxBackpressure { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long <see cref="Listener.StopAsync"/> lets queued and running work finish before it cancels what is left.</summary>
    /// <value>The default is 20 seconds, less than the 30 seconds a host allows by default. From 0 to 1 day.</value>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Whether each new connection must receive a notification that is sent from a second connection before the state becomes
    /// <see cref="ListenerState.Listening"/>. Only this detects a pooler in transaction mode.
    /// </summary>
    /// <remarks>If no second connection can be opened, nothing is proven, a warning is logged, and the listener listens all the same.</remarks>
    /// <value>The default is <see langword="true"/>.</value>
    public bool ProveDelivery { get; set; } = true;

    /// <summary>How often delivery is proven again while the connection lasts.</summary>
    /// <remarks>
    /// If the notification does not arrive, and nothing else does for <see cref="KeepAlive"/>, the listener connects again. Each proof is sent from a new connection, which
    /// also detects that the host's name leads to another server than the one that the listener is connected to. Change feeds are checked at this interval too; with <see langword="null"/>, they
    /// are checked after each connect, and while there is a problem.
    /// </remarks>
    /// <value>The default is 1 minute. <see langword="null"/> means never. From <see cref="KeepAlive"/>, or from 1 minute if that is shorter, to 1 day.</value>
    public TimeSpan? ProveDeliveryInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether to read the trace context that a publisher has put into a JSON payload, and to remove it from the payload. The span of a call is then
    /// linked to that of the sender.
    /// </summary>
    /// <remarks>Set it in all listeners before you set it in publishers: listeners without it see one more property, <c>$trace</c>.</remarks>
    /// <value>The default is <see langword="false"/>.</value>
    public bool PropagateTraceContext { get; set; }

    /// <summary>
    /// A prefix of the name of every channel at the server, which keeps apart applications that share a database: environments, tenants, tests that run at the same time.
    /// </summary>
    /// <remarks>
    /// The names in the application, in notifications, logs and metrics do not contain it. With <c>test_</c>, a handler of <c>order_placed</c> gets
    /// <c>NOTIFY test_order_placed</c>. The name and the prefix together have at most 63 bytes in UTF-8. It is read when the listener is created.
    /// </remarks>
    /// <value>The default is empty: no prefix. At most 62 bytes in UTF-8.</value>
    public string ChannelPrefix { get; set; } = "";

    /// <summary>The listener's name in metrics and traces, to tell several in a process apart.</summary>
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

    /// <summary>Checks every setting.</summary>
    /// <param name="validationContext">Not used.</param>
    /// <returns>A result for each setting that is out of range, with the setting's name as its member.</returns>
    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var millisecond = TimeSpan.FromMilliseconds(1);
        var second = TimeSpan.FromSeconds(1);
        var minute = TimeSpan.FromMinutes(1);
        var hour = TimeSpan.FromHours(1);
        return Setting.Problems(
            Name is null ? Setting.Problem(nameof(Name), "must not be null") : null,
            ChannelPrefix is null ? Setting.Problem(nameof(ChannelPrefix), "must be a text, and is null") : Setting.IsChannelPrefix(nameof(ChannelPrefix), ChannelPrefix),
            Setting.InRange(nameof(KeepAlive), KeepAlive, second, hour)
                ?? (KeepAlive.Ticks % TimeSpan.TicksPerSecond == 0 ? null : Setting.Problem(nameof(KeepAlive), $"must be whole seconds, but is {KeepAlive}")),
            Setting.InRange(nameof(CommandTimeout), CommandTimeout, second, hour),
            Setting.InRange(nameof(ConnectTimeout), ConnectTimeout, second, TimeSpan.FromMinutes(10)),
            Setting.InRange(nameof(ReconnectDelay), ReconnectDelay, millisecond, MaxReconnectDelay),
            Setting.InRange(nameof(MaxReconnectDelay), MaxReconnectDelay, millisecond, hour),
            Setting.InRange(nameof(QueueCapacity), QueueCapacity, 1, MaxQueueCapacity),
            Setting.InRange(nameof(QueueCapacityBytes), QueueCapacityBytes, 1, long.MaxValue),
            Setting.IsDefined(nameof(FullQueueMode), FullQueueMode),
            Setting.InRange(nameof(MaxBackpressure), MaxBackpressure, TimeSpan.Zero, hour),
            Setting.InRangeIfSet(nameof(ProveDeliveryInterval), ProveDeliveryInterval, KeepAlive < minute ? KeepAlive : minute, TimeSpan.FromDays(1)),
            Setting.InRange(nameof(DrainTimeout), DrainTimeout, TimeSpan.Zero, TimeSpan.FromDays(1)));
    }

    internal ListenerOptions Snapshot() => (ListenerOptions)MemberwiseClone();
}
