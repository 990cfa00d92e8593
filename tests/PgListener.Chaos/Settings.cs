namespace PgListener.Chaos;

/// <summary>What the listeners under test are set to, and what the checker allows for.</summary>
public static class Settings
{
    /// <summary>The channels with traffic all the time.</summary>
    public static readonly string[] Channels = ["c0", "c1", "c2", "c3", "c4"];

    /// <summary>A subscription each, and silent but for probes and bursts over all of them.</summary>
    public static readonly string[] WideChannels = [.. Enumerable.Range(0, 200).Select(number => $"w{number}")];

    /// <summary>How many writers share these, who do not wait for each other.</summary>
    public const int WideWriters = 4;

    /// <summary>How often something is sent on each of them, if nothing else is.</summary>
    public static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(1);

    /// <summary>Publisher, listeners and checker read the same clock, each a moment before or after what it records.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMilliseconds(50);

    /// <summary>How long after its end has returned a call of a subscription's callback may still be beginning.</summary>
    public static readonly TimeSpan EndTolerance = TimeSpan.FromMilliseconds(500);

    public static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    public static readonly TimeSpan MaxReconnectDelay = TimeSpan.FromMilliseconds(500);

    public static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(2);

    /// <summary>How long a stop may take.</summary>
    public static readonly TimeSpan StopLimit = DrainTimeout + TimeSpan.FromSeconds(2);

    /// <summary>How long after the last fault every subscription must have received something new: time to notice the fault, for one more failed attempt, and to connect.</summary>
    public static readonly TimeSpan RecoveryLimit = 2 * KeepAlive + MaxReconnectDelay + ConnectTimeout + TimeSpan.FromSeconds(5);

    /// <summary>A fault shorter than this can pass unnoticed; after twice this time the listener must have noticed.</summary>
    public static readonly TimeSpan DetectionLimit = 2 * KeepAlive;

    /// <summary>How long a notification may be under way besides, or the loss of a connection unnoticed, on a machine with a lot to do.</summary>
    public static readonly TimeSpan DetectionTolerance = TimeSpan.FromSeconds(2);

    public static readonly TimeSpan MaxBackpressure = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Of subscriptions that may pause the reading for less time than this, it is not checked whether they had to overflow: on a
    /// machine with a lot to do a callback that is quick can hold it up for as long.
    /// </summary>
    public static readonly TimeSpan LeastPatience = TimeSpan.FromSeconds(2);

    /// <summary>How far back a subscription's busy times count together, as long as the reading has not caught up between them.</summary>
    public static readonly TimeSpan GuiltMemory = TimeSpan.FromSeconds(15);

    /// <summary>How much less than its time it may have been busy, as it was recorded.</summary>
    public const double GuiltTolerance = 0.8;

    /// <summary>All queues full, the runtime and the server's client need about this much…</summary>
    public const long MemoryBase = 256L * 1024 * 1024;

    /// <summary>…and each entry of the logs this much, lists that have just doubled included.</summary>
    public const long MemoryPerEntry = 160;

    /// <summary>Sets a listener as all of them are set.</summary>
    public static ListenerOptions ApplyTo(ListenerOptions options)
    {
        options.KeepAlive = KeepAlive;
        options.ConnectTimeout = ConnectTimeout;
        options.ReconnectDelay = TimeSpan.FromMilliseconds(20);
        options.MaxReconnectDelay = MaxReconnectDelay;
        options.QueueCapacity = 256;
        options.MaxBackpressure = MaxBackpressure;
        options.DrainTimeout = DrainTimeout;
        return options;
    }
}
