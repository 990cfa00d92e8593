namespace PgListener;

/// <summary>The state of a listener at one moment, with its server and what is wrong.</summary>
public sealed record ListenerStatus
{
    /// <summary>The listener's state.</summary>
    public ListenerState State { get; init; }

    /// <summary>When the listener entered this state, by this machine's clock.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>The server of the present or the last connection, as <c>host:port</c>; <see langword="null"/> before the first connection.</summary>
    public string? Server { get; init; }

    /// <summary>The process id of the session on the server; <see langword="null"/> while there is none.</summary>
    public int? ProcessId { get; init; }

    /// <summary>How many attempts to connect and listen have failed since the listener last listened.</summary>
    public int FailedAttempts { get; init; }

    /// <summary>When it begins its next attempt to connect, by this machine's clock; <see langword="null"/> while it does not wait for one.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>What is wrong and what to do about it, in one line without secrets; <see langword="null"/> while all is well.</summary>
    public string? Problem { get; init; }

    /// <summary>How long a notification took through the server when delivery was last proven; <see langword="null"/> before the first.</summary>
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>How full the server's notification queue was when last checked, from 0 to 1; <see langword="null"/> before.</summary>
    public double? QueueUsage { get; init; }
}
