using Npgsql;

namespace PgListener.ChangeFeeds;

/// <summary>Finds out whether the database has of a feed what its script creates, so that a feed that tells nothing is noticed before somebody misses a change.</summary>
internal static class FeedCheck
{
    // Only catalogues, which every role may read. Names are not resolved by the server, because that would fail without the right to use the schema.
    // No arrays, which a data source of the application need not be able to read (NpgsqlSlimDataSourceBuilder).
    private const string Query = """
        SELECT pg_catalog.current_database()::pg_catalog.text, c.oid IS NOT NULL,
               p.prosrc, COALESCE(p.prosecdef, false), COALESCE(pg_catalog.array_to_string(p.proconfig, pg_catalog.chr(10)), ''), p.proowner::pg_catalog.regrole::pg_catalog.text,
               COALESCE((SELECT pg_catalog.has_schema_privilege(p.proowner, m.oid, 'USAGE')
                            AND pg_catalog.has_function_privilege(p.proowner, f.oid, 'EXECUTE')
                            AND pg_catalog.has_any_column_privilege(p.proowner, l.oid, 'INSERT')
                            AND pg_catalog.has_column_privilege(p.proowner, l.oid, 'id', 'SELECT')
                            AND (SELECT pg_catalog.has_sequence_privilege(p.proowner, q.oid, 'USAGE') FROM pg_catalog.pg_class q WHERE q.relnamespace = m.oid AND q.relname = 'message_id')
                         FROM pg_catalog.pg_namespace m
                         JOIN pg_catalog.pg_proc f ON f.pronamespace = m.oid AND f.proname = 'publish'
                         JOIN pg_catalog.pg_class l ON l.relnamespace = m.oid AND l.relname = 'message'
                         WHERE m.nspname = 'pglistener' LIMIT 1), false),
               (SELECT pg_catalog.string_agg(DISTINCT o.nspname || '.' || r.relname, ', ')
                FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class r ON r.oid = t.tgrelid JOIN pg_catalog.pg_namespace o ON o.oid = r.relnamespace
                WHERE t.tgfoid = p.oid AND t.tgrelid IS DISTINCT FROM c.oid),
               COALESCE(p.oid::pg_catalog.text || ':' || p.xmin::pg_catalog.text, '')
        FROM (SELECT 1) one
        LEFT JOIN pg_catalog.pg_namespace s ON s.nspname = $1
        LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid AND c.relname = $2 AND c.relkind IN ('r', 'p')
        LEFT JOIN pg_catalog.pg_proc p ON p.pronamespace = s.oid AND p.proname = $3 AND p.pronargs = 0
        """;

    private const string Columns = """
        SELECT a.attname::pg_catalog.text
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relname = $2
        JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace AND s.nspname = $1
        WHERE a.attnum > 0 AND NOT a.attisdropped
        """;

    private const string Triggers = """
        SELECT t.tgname::pg_catalog.text, t.tgenabled IN ('O', 'A'), t.tgtype, t.tgoldtable::pg_catalog.text, t.tgnewtable::pg_catalog.text, t.tgqual IS NOT NULL, t.oid::pg_catalog.text || ':' || t.xmin::pg_catalog.text
        FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid AND c.relname = $2
        JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace AND s.nspname = $1
        JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid AND p.pronamespace = s.oid AND p.proname = $3
        WHERE NOT t.tgisinternal
        """;

    /// <summary>Checks a feed.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="feed">The feed.</param>
    /// <param name="prefix">The listener's prefix.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>What is wrong and how to remedy it, as one line that names table and feed; <see langword="null"/> if nothing is.</returns>
    public static async Task<string?> ProblemAsync(NpgsqlConnection connection, FeedDefinition feed, string prefix, CancellationToken cancellationToken)
        => (await FindAsync(connection, feed, prefix, cancellationToken).ConfigureAwait(false)).Problem;

    /// <summary>Checks a feed, and finds out whether it is still the same as at another time.</summary>
    /// <inheritdoc cref="ProblemAsync" path="/param"/>
    public static async Task<FeedFinding> FindAsync(NpgsqlConnection connection, FeedDefinition feed, string prefix, CancellationToken cancellationToken)
    {
        var shape = await ReadAsync(connection, feed, cancellationToken).ConfigureAwait(false);
        return new(FeedDiagnosis.Of(feed, prefix, shape), shape.Version);
    }

    private static async Task<FeedShape> ReadAsync(NpgsqlConnection connection, FeedDefinition feed, CancellationToken cancellationToken)
    {
        var batch = new NpgsqlBatch(connection) { BatchCommands = { Command(Query, feed.Schema, feed.Table, feed.Function), Command(Columns, feed.Schema, feed.Table), Command(Triggers, feed.Schema, feed.Table, feed.Function) } };
        await using (batch.ConfigureAwait(false))
        {
            var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                var shape = new FeedShape
                {
                    Database = reader.GetString(0),
                    HasTable = reader.GetBoolean(1),
                    MissingColumns = [],
                    Body = reader.GetValue(2) as string,
                    IsSecurityDefiner = reader.GetBoolean(3),
                    Settings = reader.GetString(4).Split('\n'),
                    Owner = reader.GetValue(5) as string,
                    MayPublish = reader.GetBoolean(6),
                    OtherTable = reader.GetValue(7) as string,
                    FunctionVersion = reader.GetString(8),
                    Triggers = [],
                };
                var columns = await NextAsync(reader, static row => row.GetString(0), cancellationToken).ConfigureAwait(false);
                return shape with
                {
                    MissingColumns = [.. feed.Named.Except(columns, StringComparer.Ordinal)],
                    Triggers = await NextAsync(reader, static row => new FeedTrigger(row.GetString(0), row.GetBoolean(1), row.GetInt16(2), row.GetValue(3) as string, row.GetValue(4) as string, row.GetBoolean(5), row.GetString(6)), cancellationToken).ConfigureAwait(false),
                };
            }
        }
    }

    private static NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<string> texts)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var text in texts)
            command.Parameters.Add(new() { Value = text });
        return command;
    }

    /// <summary>Reads all rows of the next result.</summary>
    private static async Task<List<T>> NextAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            rows.Add(read(reader));
        return rows;
    }
}
