using System.Text;

namespace PgListener.ChangeFeeds;

/// <summary>Writes the scripts that create and remove what a feed has in the database.</summary>
internal sealed class FeedScript(FeedDefinition feed)
{
    private readonly string _table = SqlText.Name(feed.Schema, feed.Table);
    private readonly string _function = SqlText.Name(feed.Schema, feed.Function);

    /// <summary>Creates the function and the triggers, or replaces them.</summary>
    public string Create()
    {
        var script = new StringBuilder()
            .Append($"-- The change feed of {feed.DisplayName.ReplaceLineEndings(" ")} for PgListener. It can be run again. It needs the right to own the function, and TRIGGER on the table.\n")
            .Append(Do($"""
                IF EXISTS ({Function} AND p.prosrc NOT LIKE {SqlText.Literal($"%{FeedFunction.Mark}%")}) THEN
                    RAISE EXCEPTION '%', {SqlText.Literal($"The function {_function}() exists, and is not that of a change feed. Give the feed another name with ChangeFeed.Named.")};
                END IF;
                IF EXISTS ({Function} AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgfoid = p.oid AND t.tgrelid <> {SqlText.Literal(_table)}::pg_catalog.regclass)) THEN
                    RAISE EXCEPTION '%', {SqlText.Literal($"The function {_function}() is that of the change feed of another table. If that is the former table, run ChangeFeed.RemovalScript first; otherwise give one of the two another name with ChangeFeed.Named.")};
                END IF;
                IF EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = {SqlText.Literal(_table)}::pg_catalog.regclass AND t.tgname IN ({Triggers}) AND NOT EXISTS ({Function} AND p.oid = t.tgfoid)) THEN
                    RAISE EXCEPTION '%', {SqlText.Literal($"{_table} has a trigger with a name that begins with {feed.Function}_, and that is not one of the change feed. Give the feed another name with ChangeFeed.Named, or drop the trigger.")};
                END IF;
                """))
            .Append($"CREATE OR REPLACE FUNCTION {_function}() RETURNS trigger\n")
            .Append("    LANGUAGE plpgsql\n")
            .Append(feed.IsDurable ? "    SECURITY DEFINER -- Those who write to the table need no right to publish.\n" : "")
            .Append(string.Concat(FeedFunction.Settings.Select(setting => $"    SET {setting.Name} = {setting.Value}\n")))
            .Append($"AS {SqlText.Dollars(new FeedFunction(feed).Body)};\n")
            .Append($"REVOKE ALL ON FUNCTION {_function}() FROM PUBLIC; -- A trigger needs no right to it, except that of its creator.\n");
        foreach (var on in FeedEvent.All)
            script.Append($"CREATE OR REPLACE TRIGGER {SqlText.Name(FeedNames.TriggerOf(feed.Function, on))} AFTER {on.Name.ToUpperInvariant()} ON {_table}{on.Referencing} FOR EACH STATEMENT EXECUTE FUNCTION {_function}();\n");
        return script.ToString();
    }

    /// <summary>Drops the function together with the triggers, also if the table has another name by now, or does not exist.</summary>
    public string Remove()
        => $"-- Removes the change feed of {feed.DisplayName.ReplaceLineEndings(" ")} for PgListener. It can be run again.\n" +
            Do($"""
                IF EXISTS ({Function} AND p.prosrc LIKE {SqlText.Literal($"%{FeedFunction.Mark}%")}) THEN
                    DROP FUNCTION {_function}() CASCADE;
                END IF;
                """);

    private string Function
        => $"SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace s ON s.oid = p.pronamespace WHERE s.nspname = {SqlText.Literal(feed.Schema)} AND p.proname = {SqlText.Literal(feed.Function)} AND p.pronargs = 0";

    private string Triggers => string.Join(", ", FeedEvent.All.Select(on => SqlText.Literal(FeedNames.TriggerOf(feed.Function, on))));

    private static string Do(string body) => $"DO {SqlText.Dollars($"\nBEGIN\n    {body.ReplaceLineEndings("\n    ")}\nEND\n")};\n";
}
