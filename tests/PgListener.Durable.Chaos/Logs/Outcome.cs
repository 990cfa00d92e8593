namespace PgListener.Durable.Chaos.Logs;

/// <summary>What became of a transaction.</summary>
public enum Outcome
{
    /// <summary>The server has confirmed its commit.</summary>
    Committed,

    /// <summary>It was rolled back, or its commit was never sent.</summary>
    RolledBack,

    /// <summary>The connection broke during its commit.</summary>
    Unknown,
}
