namespace PgListener;

/// <summary>The settings of one subscription or reader.</summary>
public sealed class SubscriptionOptions : HandlerOptions
{
    /// <summary>Creates settings with their defaults.</summary>
    public SubscriptionOptions()
    {
    }

    /// <summary>Creates settings that are a handler's.</summary>
    /// <param name="options">The settings to copy.</param>
    public SubscriptionOptions(HandlerOptions options)
        : base(options)
    {
    }

    /// <summary>The name of the subscription in logs.</summary>
    /// <value>The default is <see langword="null"/>: the name of the callback's method.</value>
    public string? Name { get; set; }

    /// <summary>Called when notifications may have been missed: at the start, after each reconnect, after an overflow.</summary>
    /// <remarks>
    /// <para>
    /// A callback's is called on the thread pool, in its place among the notifications, and never beside a call for a notification. If it
    /// throws or exceeds <see cref="HandlerOptions.Timeout"/>, it is called again, after waits that grow from 100 milliseconds to 30 seconds,
    /// until it succeeds or the subscription ends; a newer gap that follows with no notification between is taken in. The notifications wait for that, within the limits of the queue.
    /// At a stop, a call that fails is not made again: the notifications that wait are discarded, and the gap of the next start covers them.
    /// </para>
    /// <para>A reader's is called while the next notification is asked for. What it throws is thrown to the reader, and ends the reading.</para>
    /// </remarks>
    /// <value>The default is <see langword="null"/>: gaps are not announced to this subscription, and the log says so when one may have lost something.</value>
    public ResyncCallback? OnResync { get; set; }

    /// <summary>Whether gaps are read as items.</summary>
    internal bool ReadsGaps { get; set; }

    /// <summary>Told of each notification that fails after it was read; the subscription counts there.</summary>
    internal FailureReport? Failures { get; set; }

    /// <summary>What reads the payloads, carried along to the listener, which gives it somewhere to log.</summary>
    internal object? PayloadReader { get; set; }

    internal SubscriptionOptions Snapshot() => (SubscriptionOptions)MemberwiseClone();
}
