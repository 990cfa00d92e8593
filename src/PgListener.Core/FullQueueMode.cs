namespace PgListener;

/// <summary>What happens when a subscription's queue is full.</summary>
public enum FullQueueMode
{
    /// <summary>
    /// Reading from the server pauses until the queue is half empty, and PostgreSQL's own queue holds the rest: a burst loses
    /// nothing. After <see cref="ListenerOptions.MaxBackpressure"/> the subscription has overflowed, as in <see cref="Drop"/>,
    /// so that the others go on. Notifications that arrive before the server's answer to a LISTEN have to be read even while reading pauses; they are
    /// held in <see cref="ListenerOptions.QueueCapacityBytes"/> more, and at least 16 MiB.
    /// </summary>
    Wait,

    /// <summary>Reading never pauses: the newest notifications are dropped and counted, and a <see cref="Resync"/> takes their place.</summary>
    Drop,

    /// <summary>Only the newest notification of each channel is kept; an older one that is still queued is replaced. Reading never pauses, and nothing is announced.</summary>
    KeepLatest,
}
