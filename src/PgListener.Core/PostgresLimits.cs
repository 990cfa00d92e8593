namespace PgListener;

/// <summary>PostgreSQL's limits.</summary>
internal static class PostgresLimits
{
    /// <summary>The longest payload, in bytes.</summary>
    public const int PayloadBytes = 7_999;
}
