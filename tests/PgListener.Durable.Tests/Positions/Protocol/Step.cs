namespace PgListener.Durable.Tests.Positions.Protocol;

/// <summary>What a holder does next.</summary>
internal enum Step
{
    /// <summary>Reads the row in force.</summary>
    Read,

    /// <summary>Moves from that row, as a takeover or otherwise.</summary>
    Move,

    /// <summary>Begins a handler's transaction, with a statement that takes its snapshot.</summary>
    Begin,

    /// <summary>Moves as part of it.</summary>
    MoveInTransaction,

    /// <summary>Commits it.</summary>
    Commit,

    /// <summary>Rolls it back, as a crash does.</summary>
    RollBack,

    /// <summary>Removes the rows below its own.</summary>
    Prune,
}
