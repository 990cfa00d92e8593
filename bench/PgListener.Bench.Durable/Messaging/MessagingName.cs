namespace PgListener.Bench;

/// <summary>The names of the consumers.</summary>
internal static class MessagingName
{
    /// <summary>A handler of a durable channel.</summary>
    public const string PgListener = "pglistener";

    /// <summary>The same, whose messages are published in the caller's own transaction.</summary>
    public const string PgListenerTransaction = "pglistener-transaction";

    /// <summary>A handler of a plain channel, which loses what comes while nobody listens.</summary>
    public const string Plain = "plain-channel";

    /// <summary>A hand-written worker that takes a thousand rows at a time.</summary>
    public const string SkipLocked1000 = "skip-locked-1000";

    /// <summary>The same with a hundred.</summary>
    public const string SkipLocked100 = "skip-locked-100";

    /// <summary>A loop that reads rows and records nothing.</summary>
    public const string BareRead = "bare-read";

    public const string Wolverine = "wolverine";

    public const string Rebus = "rebus";

    public const string Hangfire = "hangfire";

    public const string HangfireLongPolling = "hangfire-longpolling";
}
