using Npgsql;

namespace PgListener.Durable.Schema;

/// <summary>Finds out at the start whether the schema can be worked with, so that there is one line with the remedy instead of an error of each statement.</summary>
internal static class SchemaCheck
{
    // Only catalogues, which every role may read. Names are not resolved by the server, because that would fail without the right to use the schema.
    private const string Query = $$"""
        SELECT pg_catalog.current_database()::pg_catalog.text, CURRENT_USER::pg_catalog.text, n.oid IS NOT NULL, {{SchemaVersion.Expression}},
               pg_catalog.has_schema_privilege(n.oid, 'USAGE'), missing.tables, missing.privileges
        FROM (SELECT 1) one
        LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'pglistener'
        CROSS JOIN LATERAL (
            SELECT pg_catalog.string_agg(DISTINCT needed.name, ', ') FILTER (WHERE c.oid IS NULL) AS tables,
                   pg_catalog.string_agg(needed.privilege || ' on ' || needed.name, ', ' ORDER BY needed.name, needed.privilege)
                       FILTER (WHERE NOT pg_catalog.has_table_privilege(c.oid, needed.privilege)) AS privileges
            FROM (VALUES
                ('message', 'SELECT'), ('message', 'DELETE'), ('cluster', 'SELECT'), ('cluster', 'INSERT'), ('server_run', 'SELECT'), ('server_run', 'INSERT'),
                ('removal', 'SELECT'), ('removal', 'INSERT'), ('removal', 'UPDATE'),
                ('subscription', 'SELECT'), ('subscription', 'INSERT'), ('subscription', 'UPDATE'), ('subscription', 'DELETE'),
                ('position', 'SELECT'), ('position', 'INSERT'), ('position', 'UPDATE'), ('position', 'DELETE'),
                ('retry', 'SELECT'), ('retry', 'INSERT'), ('retry', 'UPDATE'), ('retry', 'DELETE'),
                ('loss', 'SELECT'), ('loss', 'INSERT'), ('loss', 'UPDATE'), ('loss', 'DELETE')) needed (name, privilege)
            LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = needed.name) missing
        """;

    /// <summary>Checks the schema for a role that reads.</summary>
    /// <returns>What is wrong and how to remedy it, as one line for the log; <see langword="null"/> if nothing is.</returns>
    public static async Task<string?> ProblemAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Query, connection);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                return Problem(
                    reader.GetString(0),
                    reader.GetString(1),
                    reader.GetBoolean(2),
                    reader.GetValue(3) as int?,
                    reader.GetValue(4) is true,
                    reader.GetValue(5) as string,
                    reader.GetValue(6) as string);
            }
        }
    }

    private static string? Problem(string database, string role, bool exists, int? version, bool isUsable, string? missingTables, string? missingPrivileges)
    {
        if (!exists)
            return SchemaAdvice.Missing(database);
        if (version is null)
            return $"There is a schema 'pglistener' in the database '{database}', but its comment does not say that it is the one of durable channels. If it is yours, it has to be renamed. If its comment was changed, run {SchemaAdvice.Script} once more, which sets it.";
        if (version < SchemaVersion.Current)
            return $"The schema 'pglistener' in the database '{database}' has version {version}, and this version of PgListener.Durable needs {SchemaVersion.Current}. Run the script DurableSchema.ScriptFrom({version}), or call DurableSchema.CreateAsync.";

        // A later version leaves everything in place that the one before needs.
        if (version > SchemaVersion.Current + 1)
            return $"The schema 'pglistener' in the database '{database}' has version {version}, and this version of PgListener.Durable works with {SchemaVersion.Current} and {SchemaVersion.Current + 1} only. Use a later version of the package.";
        if (missingTables is not null)
            return $"The schema 'pglistener' in the database '{database}' is incomplete: it lacks {missingTables}. Run {SchemaAdvice.Script} once more, which creates what is missing.";
        if (!isUsable)
            missingPrivileges = $"USAGE on the schema{(missingPrivileges is null ? "" : ", ")}{missingPrivileges}";
        return missingPrivileges is null
            ? null
            : $"The role '{role}' cannot read durable channels in the database '{database}': it lacks {missingPrivileges}. Grant it what schema/reader-rights.sql of the package PgListener.Durable names.";
    }
}
