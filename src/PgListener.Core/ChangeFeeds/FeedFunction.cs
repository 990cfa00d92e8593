using System.Globalization;

namespace PgListener.ChangeFeeds;

/// <summary>Writes the body of a feed's trigger function.</summary>
/// <remarks>
/// It must never fail the statement that it belongs to, must be fast for one row, and must not get slow for many. So a statement with too many keys ends the reading of its
/// rows early; a plan does not depend on the number of rows that the first statement had (see <see cref="UpdateQuery"/>); and rows are packed by the server, without a loop.
/// Queries with the rows use no variables, whose names could be those of columns.
/// </remarks>
internal sealed class FeedFunction(FeedDefinition feed)
{
    /// <summary>A comment in the body, by which the function is recognised.</summary>
    public const string Mark = "PgListener change feed";

    /// <summary>The longest payload. PostgreSQL allows a few bytes more.</summary>
    public const int MaxBytes = 7_900;

    /// <summary>
    /// The settings that the function runs with, as <c>pg_proc.proconfig</c> has them too: names mean what they say; a key is the same text, whatever the settings of the session that writes; and a plan that was made
    /// for very many rows, and is kept, does not compile itself for each of the small statements that follow.
    /// </summary>
    public static IReadOnlyList<(string Name, string Value)> Settings { get; } = [("search_path", "pg_catalog, pg_temp"), ("TimeZone", "'UTC'"), ("DateStyle", "'ISO, MDY'"), ("IntervalStyle", "'postgres'"), ("bytea_output", "'hex'"), ("extra_float_digits", "1"), ("jit", "off")];

    /// <summary>In the text of keys and values, room for what closes it.</summary>
    private const int Closing = 16;

    private readonly RowQueries _rows = new(feed);

    private bool HasValues => feed.Included.Count > 0;

    public string Body => $$"""

        -- {{Mark}} of {{feed.DisplayName.ReplaceLineEndings(" ")}}. Do not edit: the application compares it with what it expects.
        DECLARE
            channel constant text := {{SqlText.Literal(feed.ServerChannel)}};
            op constant text := lower(TG_OP COLLATE "C");
            keys text[];
            vals text[];
            changed text[];
            everything boolean := TG_OP = 'TRUNCATE';
            head text;
            payload text;
            room integer;
            widest integer;
        BEGIN
            IF TG_OP = 'INSERT' THEN
                {{Indent(_rows.Simple(FeedEvent.NewRows), 8)}}
            ELSIF TG_OP = 'DELETE' THEN
                {{Indent(_rows.Simple(FeedEvent.OldRows), 8)}}
            ELSIF TG_OP = 'UPDATE' THEN
                {{Indent(new UpdateQuery(feed, _rows).Text, 8)}}
            END IF;

            IF cardinality(keys) > {{Number(feed.MaxKeys)}} THEN
                everything := true;
            ELSIF NOT everything THEN
                IF keys IS NULL THEN
                    RETURN NULL; -- Nothing that the feed watches has changed.
                END IF;

                head := '{"op":"' || op || '",'{{Distinct}} || CASE WHEN TG_OP = 'UPDATE' THEN '"columns":' || to_json(changed)::text || ',' ELSE '' END || '"keys":[';
                payload := head || array_to_string(keys, ',') || ']{{(HasValues ? ",\"values\":[' || array_to_string(vals, ',') || ']}'" : "}'")}};
                IF octet_length(payload) <= {{Number(MaxBytes)}} THEN
                    PERFORM {{Send("payload")}};
                    RETURN NULL;
                END IF;

                -- Packed by the running sum of their lengths: a payload has what begins within the same span of it, and at most one more.
                room := {{Number(MaxBytes - Closing)}} - octet_length(head);
                SELECT max({{_rows.Length}}) INTO widest FROM unnest(keys, vals) i (key, vals);
                IF widest < room THEN
                    PERFORM {{Send($"head || c.keys || ']{(HasValues ? ",\"values\":[' || c.vals || ']}'" : "}'")}")}}
                    FROM (
                        SELECT p.chunk, string_agg(p.key, ',' ORDER BY p.place) AS keys, string_agg(p.vals, ',' ORDER BY p.place) AS vals
                        FROM (
                            SELECT i.key, i.vals, i.place, (sum({{_rows.Length}}) OVER (ORDER BY i.place) - 1) / (room - widest) AS chunk
                            FROM unnest(keys, vals) WITH ORDINALITY i (key, vals, place)) p
                        GROUP BY p.chunk
                        ORDER BY p.chunk) c;
                    RETURN NULL;
                END IF;

                everything := true; -- The names of the columns, or what one row carries, do not fit.
            END IF;

            IF everything THEN
                PERFORM {{Send($"'{{\"op\":\"' || op || '\",'{DistinctOfEverything} || '\"all\":true}}'")}};
            END IF;
            RETURN NULL;
        EXCEPTION WHEN OTHERS THEN
            -- The statement that has fired the trigger must not fail because of it.
            RAISE WARNING 'The change feed of %.% could not tell what has changed, and tells that anything may have: %', TG_TABLE_SCHEMA, TG_TABLE_NAME, SQLERRM;
            BEGIN
                PERFORM {{Send($"'{{\"op\":\"' || op || '\",'{DistinctOfEverything} || '\"all\":true}}'")}};
            EXCEPTION WHEN OTHERS THEN
                RAISE WARNING 'The change feed of %.% could not tell that either: %', TG_TABLE_SCHEMA, TG_TABLE_NAME, SQLERRM;
            END;
            RETURN NULL;
        END

        """.ReplaceLineEndings("\n");

    /// <summary>
    /// PostgreSQL merges identical notifications of a transaction, also if another one lies between them. So one is made distinct by its time where the last one of two would be missed:
    /// a row that is inserted, deleted and inserted again, or a value that is changed back. Repeated updates that carry keys only are left to be merged.
    /// </summary>
    private string Distinct => feed.IsDurable ? "" : HasValues ? $" || {Time}" : $" || CASE WHEN TG_OP = 'UPDATE' THEN '' ELSE {Time} END";

    private string DistinctOfEverything => feed.IsDurable ? "" : $" || {Time}";

    private static string Time => "'\"at\":' || (extract(epoch FROM clock_timestamp()) * 1000000)::bigint || ','";

    private string Send(string payload) => feed.IsDurable ? $"pglistener.publish(channel, {payload})" : $"pg_notify(channel, {payload})";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Indent(string text, int spaces) => text.ReplaceLineEndings("\n" + new string(' ', spaces));
}
