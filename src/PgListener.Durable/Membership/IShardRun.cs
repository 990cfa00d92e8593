using PgListener.Durable.Log;

namespace PgListener.Durable.Membership;

/// <summary>The walk of one shard while this process holds its lock.</summary>
internal interface IShardRun
{
    /// <summary>Completes when the walk is over: after a stop, or because another holder has moved the position. Never fails.</summary>
    Task Completion { get; }

    /// <summary>The position up to which everything was read from the log; <see langword="null"/> while it reads, so that there is nothing to look for.</summary>
    LogPosition? WaitingAt { get; }

    /// <summary>Reads from the log, because there may be a new message; if it is reading, once more. Thread-safe; does not block.</summary>
    void ReadAgain();

    /// <summary>Looks at everything, because the database has something for it: a message, one that has stepped aside, or a loss. Thread-safe; does not block.</summary>
    /// <param name="hasRetries">Whether a message that has stepped aside is due.</param>
    void Wake(bool hasRetries);

    /// <summary>Begins no more calls, waits for those that are running until the token is cancelled, then cancels them; writes the position. Never fails.</summary>
    Task StopAsync(CancellationToken cancellationToken);
}
