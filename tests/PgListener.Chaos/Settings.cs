using Microsoft.Extensions.Logging;

namespace PgListener.Chaos;

/// <summary>What the listeners under test are set to, and what the checker allows for.</summary>
public static class Settings
{
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

    /// <summary>How long after the last fault every subscription must have heard something new: to notice, to try once more in vain, to connect.</summary>
    public static readonly TimeSpan RecoveryLimit = 2 * KeepAlive + MaxReconnectDelay + ConnectTimeout + TimeSpan.FromSeconds(5);

    /// <summary>A fault shorter than this can pass unnoticed; after twice this time the listener must have noticed.</summary>
    public static readonly TimeSpan DetectionLimit = 2 * KeepAlive;

    /// <summary>All queues full, the runtime and the server's client need about this much…</summary>
    public const long MemoryBase = 192L * 1024 * 1024;

    /// <summary>…and each entry of the logs this much, lists that have just doubled included.</summary>
    public const long MemoryPerEntry = 160;

    /// <summary>The settings of both listeners.</summary>
    public static ListenerOptions Options(ILoggerFactory loggers) => new()
    {
        LoggerFactory = loggers,
        KeepAlive = KeepAlive,
        ConnectTimeout = ConnectTimeout,
        ReconnectDelay = TimeSpan.FromMilliseconds(20),
        MaxReconnectDelay = MaxReconnectDelay,
        QueueCapacity = 256,
        MaxBackpressure = TimeSpan.FromMilliseconds(500),
        DrainTimeout = DrainTimeout,
    };
}
