namespace PgListener;

/// <summary>What PostgreSQL allows.</summary>
internal static class PostgresLimits
{
    /// <summary>The most bytes of a payload.</summary>
    public const int PayloadBytes = 7_999;
}
