using PgListener.Subscriptions;


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
    /// <value>The default is <see langword="null"/>: gaps are not announced to this subscription.</value>
    public ResyncCallback? OnResync { get; set; }

    /// <summary>Where to count, for those who find out themselves that a notification has failed.</summary>
    internal SubscriptionCounters? Counters { get; set; }

    /// <summary>What reads the payloads, carried along to the listener, which gives it somewhere to log.</summary>
    internal object? PayloadReader { get; set; }

    internal SubscriptionOptions Snapshot() => (SubscriptionOptions)MemberwiseClone();
}
