namespace PgListener;

/// <summary>What a listener knows of itself at one moment.</summary>
public sealed record ListenerStatus
{
    /// <summary>What it is doing.</summary>
    public ListenerState State { get; init; }

    /// <summary>Since when, by this machine's clock.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>The server it is connected to, or was last, as <c>host:port</c>; <see langword="null"/> before the first connection.</summary>
    public string? Server { get; init; }

    /// <summary>The process id of its session there; <see langword="null"/> while there is none.</summary>
    public int? ProcessId { get; init; }

    /// <summary>How many attempts to connect and listen have failed since it last listened.</summary>
    public int FailedAttempts { get; init; }

    /// <summary>When it begins its next attempt to connect, by this machine's clock; <see langword="null"/> while it does not wait for one.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>What is wrong and what to do about it, in one line without secrets; <see langword="null"/> while all is well.</summary>
    public string? Problem { get; init; }

    /// <summary>How long the last notification took that was sent through the server to prove that they arrive; <see langword="null"/> before the first.</summary>
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>How full the server's notification queue was when it was last looked at, from 0 to 1; <see langword="null"/> before.</summary>
    public double? QueueUsage { get; init; }
}
