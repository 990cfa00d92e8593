namespace PgListener.Durable.Log;

/// <summary>The snapshot of a statement, as the end of a window.</summary>
internal static class CurrentSnapshot
{
    /// <summary>An expression of SQL with the type <c>pg_snapshot</c>, for a statement whose transaction has no number.</summary>
    /// <remarks>
    /// The end of PostgreSQL's snapshot (<c>xmax</c>) is the number after the highest that has ended. Transactions above it may have begun, and drawn their ids, so
    /// they are listed among those in progress, and the end becomes the number that is given next. What is visible stays the same. <c>age</c> counts
    /// from a number to the next one; the two parts are materialized so that it is counted after the snapshot is taken, and not while the statement is planned.
    /// </remarks>
    public const string Sql = """
        (WITH taken AS MATERIALIZED (
            SELECT pg_current_snapshot() AS snapshot
        ), counted AS MATERIALIZED (
            SELECT snapshot::text AS text, pg_snapshot_xmax(snapshot)::text::bigint AS xmax, age(pg_snapshot_xmax(snapshot)::xid) AS begun FROM taken
        )
        SELECT concat(split_part(text, ':', 1), ':', xmax + begun, ':', concat_ws(',',
            NULLIF(split_part(text, ':', 3), ''),
            (SELECT string_agg(tx::text, ',' ORDER BY tx) FROM generate_series(xmax, xmax + begun - 1) tx)))::pg_snapshot
        FROM counted)
        """;
}
