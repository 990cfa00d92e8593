namespace PgListener;

/// <summary>The settings of one subscription or reader.</summary>
public sealed class SubscriptionOptions : HandlerOptions
{
    /// <summary>Creates settings with their defaults.</summary>
    public SubscriptionOptions()
    {
    }

    /// <summary>Creates settings with those of a handler.</summary>
    /// <param name="options">The settings to copy.</param>
    public SubscriptionOptions(HandlerOptions options)
        : base(options)
    {
    }

    /// <summary>The name of the subscription in logs, metrics and statistics.</summary>
    /// <value>The default is <see langword="null"/>: the name of the callback's method.</value>
    public string? Name { get; set; }

    /// <summary>Called when notifications may have been missed: at the start, after each reconnect, after an overflow.</summary>
    /// <remarks>
    /// <para>
    /// For a callback, it is called on the thread pool, in its place among the notifications, and never at the same time as a call for a notification. If it
    /// throws or exceeds <see cref="HandlerOptions.Timeout"/>, it is called again, after waits that grow from 100 milliseconds to 30 seconds,
    /// until it succeeds or the subscription ends. A newer gap that follows with no notification in between is merged. The notifications wait, within the limits of the queue.
    /// When the listener stops, a failed call is not repeated: the waiting notifications are discarded, and the gap of the next start covers them.
    /// </para>
    /// <para>For a reader, it is called while the reader waits for the next notification. An exception that it throws is thrown to the reader, and ends the reading.</para>
    /// </remarks>
    /// <value>The default is <see langword="null"/>: gaps are not announced to this subscription. A warning is logged when notifications may have been lost.</value>
    public ResyncCallback? OnResync { get; set; }

    /// <summary>
    /// The position after which a stream of a durable channel begins: the <see cref="DurableMessage.Position"/> or <see cref="StreamItem{TChannel}.Position"/> of the last item that its reader has got, such as the
    /// <c>Last-Event-ID</c> of a browser. The stream then has what follows, no matter which instance had served the reader before.
    /// </summary>
    /// <remarks>
    /// A position that means nothing here, because it is malformed, of another channel or database, or from before a crash of the server, is not an error: the stream begins now, with a
    /// <see cref="Resync"/> for <see cref="ResyncReason.Started"/>. If messages after it were removed from the log, the stream begins with a <see cref="Resync"/> for <see cref="ResyncReason.Retention"/>.
    /// </remarks>
    /// <value>The default is <see langword="null"/>: the stream begins now. On a channel that is not durable, it must be <see langword="null"/>.</value>
    public string? StartAfter { get; set; }

    /// <summary>Whether the reader gets gaps as items.</summary>
    internal bool ReadsGaps { get; set; }

    /// <summary>Finds the notifications that become a gap, because anything may have changed; <see langword="null"/> if none does.</summary>
    internal Func<string, bool>? MeansEverything { get; set; }

    /// <summary>Reports notifications that fail after they were read, so that the subscription counts them.</summary>
    internal FailureReport? Failures { get; set; }

    /// <summary>Reads the payloads. The listener gives it its logger.</summary>
    internal object? PayloadReader { get; set; }

    internal SubscriptionOptions Snapshot() => (SubscriptionOptions)MemberwiseClone();
}
