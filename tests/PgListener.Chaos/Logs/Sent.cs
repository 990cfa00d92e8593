namespace PgListener.Chaos.Logs;

/// <summary>How a transaction ended, as far as its sender can know.</summary>
public enum Outcome
{
    Committed,

    RolledBack,

    /// <summary>The connection was lost during COMMIT.</summary>
    Unknown,
}

/// <summary>One notification as its sender knows it. The numbers of a channel begin at 1 and have no holes.</summary>
/// <param name="Number">Its number in its channel.</param>
/// <param name="Length">The length of its payload.</param>
/// <param name="Begun">Just before COMMIT was sent.</param>
/// <param name="Ended">Just after the answer came, or none.</param>
/// <param name="Outcome">How it ended.</param>
public readonly record struct Sent(int Number, int Length, DateTimeOffset Begun, DateTimeOffset Ended, Outcome Outcome);
