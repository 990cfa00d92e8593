using System.Globalization;

namespace PgListener.ChangeFeeds;

/// <summary>Writes the query that finds out what an update has changed.</summary>
/// <remarks>
/// <para>
/// Both transition tables have the rows in the same order, so rows are paired by their place. This needs no operator of the key's type, and pairs a row whose key has changed too. Nothing
/// depends on the order but how exact the answer is: a pair is silent only if both have the same key and the same image, so a row that has changed is never in a silent pair.
/// </para>
/// <para>
/// The function's queries have no parameters, so the plan that the first statement of a session gets is kept, whatever the number of its rows. A FULL JOIN is the only kind that is never
/// a nested loop, which would take a time that grows with the square of the rows. So no condition may let the planner leave out rows without a partner, which would make it an inner join; a partner may really be missing,
/// if a trigger has kept a row from its new partition.
/// </para>
/// <para>Images are compared, because types such as <c>json</c> have no equality.</para>
/// </remarks>
internal sealed class UpdateQuery(FeedDefinition feed, RowQueries rows)
{
    private readonly IReadOnlyList<string> _named = feed.Named;

    private bool WatchesAll => feed.Columns.Count == 0;

    private bool HasValues => feed.Included.Count > 0;

    public string Text => $"""
        WITH pairs AS MATERIALIZED (
            SELECT COALESCE(o.counts, false) AS was_row, COALESCE(n.counts, false) AS is_row, {Both(name => $"o.{Column(name)} AS o_{Column(name)}, n.{Column(name)} AS n_{Column(name)}")}{(WatchesAll ? ", o.image AS o_image, n.image AS n_image" : "")}
            FROM ({Side(FeedEvent.OldRows)}) o
            FULL JOIN ({Side(FeedEvent.NewRows)}) n ON n.place = o.place
            WHERE (o.counts OR n.counts) AND {(WatchesAll ? "(o.place IS NULL OR n.place IS NULL OR o.image *<> n.image)" : Differ(Noticed("o."), Noticed("n.")))}
            {rows.Limit})
        SELECT array_agg(k.key), {(HasValues ? "array_agg(k.vals), " : "")}({ChangedColumns}), (SELECT count(*) > {feed.MaxKeys} FROM pairs)
        INTO keys, {(HasValues ? "vals, " : "")}changed, everything
        FROM (
            SELECT DISTINCT ON (u.key) u.key{(HasValues ? ", u.vals" : "")}
            FROM pairs p
            CROSS JOIN LATERAL (VALUES (p.is_row, 1, {rows.KeyOf(New)}{(HasValues ? $", {rows.ValuesOf(New)}" : "")}), (p.was_row, 2, {rows.KeyOf(Old)}{(HasValues ? ", 'null'" : "")})) u (counts, rank, key{(HasValues ? ", vals" : "")})
            WHERE u.counts
            ORDER BY u.key, u.rank) k;
        """;

    /// <summary>The names of the watched columns that differ in any pair.</summary>
    private string ChangedColumns => WatchesAll
        ? "SELECT COALESCE(array_agg(DISTINCT a.name), '{}') FROM pairs p" +
            " CROSS JOIN LATERAL json_each_text(row_to_json(p.o_image)) WITH ORDINALITY a (name, val, place)" +
            " JOIN LATERAL json_each_text(row_to_json(p.n_image)) WITH ORDINALITY b (name, val, place) ON b.place = a.place" +
            " WHERE a.val IS DISTINCT FROM b.val"
        : $"SELECT array_remove(ARRAY[{string.Join(", ", feed.Noticed.Select(name => $"CASE WHEN bool_or({Differ(Old(name), New(name))}) THEN {SqlText.Literal(name)} END"))}], NULL) FROM pairs p";

    /// <summary>Whether the images of columns differ. Without the cast, the operator would be one of the columns' types.</summary>
    private static string Differ(string old, string @new) => $"ROW({old})::record *<> ROW({@new})::record";

    /// <summary>The rows of one side with their places.</summary>
    private string Side(string table)
        => $"SELECT row_number() OVER () AS place, {(feed.FilterColumn is null ? "true" : $"COALESCE({rows.Filter}, false)")} AS counts, {Both(name => $"{RowQueries.Of(name)} AS {Column(name)}")}{(WatchesAll ? $", {RowQueries.Row} AS image" : "")} FROM {table} {RowQueries.Row}";

    private string Both(Func<string, string> column) => string.Join(", ", (WatchesAll ? NamedWithoutWatching : _named).Select(column));

    /// <summary>If all columns are watched, only those are named that keys and values are made of.</summary>
    private IEnumerable<string> NamedWithoutWatching => _named.Where(name => feed.Key.Contains(name, StringComparer.Ordinal) || feed.Included.Contains(name, StringComparer.Ordinal));

    private string Noticed(string side) => string.Join(", ", feed.Noticed.Select(name => side + Column(name)));

    private string Old(string name) => $"p.o_{Column(name)}";

    private string New(string name) => $"p.n_{Column(name)}";

    /// <summary>The name of a column within the query, which no name of the table can be mistaken for.</summary>
    private string Column(string name)
    {
        for (var i = 0; i < _named.Count; i++)
        {
            if (_named[i] == name)
                return string.Create(CultureInfo.InvariantCulture, $"c{i + 1}");
        }

        throw new ArgumentException($"The feed has no column {name}.", nameof(name));
    }
}
