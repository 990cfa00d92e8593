namespace PgListener.Durable.Retention;

/// <summary>The SQL that notes what was removed from the log, for the streams that had not got to it.</summary>
internal static class Removal
{
    /// <summary>Notes it, in the transaction that removes it. Rows of earlier clusters were all visible in this one from the beginning, so no stream can be without them.</summary>
    /// <param name="rows">A query of the channels and of their highest transactions: <c>channel, tx</c>.</param>
    /// <param name="system">An expression of the cluster.</param>
    public static string Note(string rows, string system) => $"""
        INSERT INTO pglistener.removal (channel, system, tx, removed_by)
        SELECT channel, {system}, tx, pg_current_xact_id() FROM ({rows}) rows
        ON CONFLICT (channel) DO UPDATE SET system = EXCLUDED.system, removed_by = EXCLUDED.removed_by,
            tx = CASE WHEN removal.system = EXCLUDED.system THEN GREATEST(removal.tx, EXCLUDED.tx) ELSE EXCLUDED.tx END
        """;
}
