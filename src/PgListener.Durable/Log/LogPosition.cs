namespace PgListener.Durable.Log;

/// <summary>How far a reader of a channel is.</summary>
/// <remarks>
/// A reader walks windows: the messages that are visible in one snapshot and not in the one before, in the order of their ids. The ids alone do not tell
/// what is new, because a transaction that was begun early may be committed late; see the README of this folder.
/// </remarks>
internal sealed record LogPosition
{
    /// <summary>A snapshot in which no transaction is visible.</summary>
    private const string Nothing = "1:1:";

    /// <summary>Before everything that the log has.</summary>
    public static LogPosition Beginning { get; } = new() { Seen = Nothing, Floor = 0 };

    /// <summary>The snapshot in which everything visible has been handled, as PostgreSQL writes a <c>pg_snapshot</c>.</summary>
    public required string Seen { get; init; }

    /// <summary>An id that none of the messages visible in <see cref="Seen"/> exceeds, and that each message of a transaction begun after it does.</summary>
    public required long Floor { get; init; }

    /// <summary>The snapshot at the end of the window that is being walked; <see langword="null"/> between two windows.</summary>
    public string? Upto { get; init; }

    /// <summary>The id up to which the window is handled; 0 between two windows.</summary>
    public long LastId { get; init; }

    /// <summary>The ids of messages that follow, in this window or a later one, and are handled already.</summary>
    public IReadOnlyList<long> Done { get; init; } = [];

    /// <summary>Where the position was in an earlier cluster; <see langword="null"/> once all that was left there is handled.</summary>
    public RestoredPosition? Restored { get; init; }

    /// <summary>The position after some of the window's messages.</summary>
    public LogPosition Within(string upto, long lastId, IReadOnlyList<long> done) => this with { Upto = upto, LastId = lastId, Done = done };

    /// <summary>The position after the whole window.</summary>
    /// <param name="upto">The snapshot at the window's end.</param>
    /// <param name="lastId">The id of its last message; 0 if it had none.</param>
    public LogPosition After(string upto, long lastId) => new() { Seen = upto, Floor = Math.Max(Math.Max(Floor, lastId), Restored?.HighestHandled() ?? 0) };

    /// <summary>Just before a message: it and all that follow it in the order of ids are delivered, again if they have been already.</summary>
    public static LogPosition Before(long id) => new() { Seen = Nothing, Floor = id - 1 };
}
