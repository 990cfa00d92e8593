using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace PgListener.EntityFrameworkCore.Migrations;

/// <summary>
/// The operations of feeds. They are SQL, which every provider, script and tool knows; the calls that migrations contain instead, if the design-time services of this package are found,
/// are in an annotation.
/// </summary>
internal static class FeedOperations
{
    /// <summary>The annotation with the call.</summary>
    public const string CodeAnnotation = "PgListener:Code";

    public static SqlOperation Create(ChangeFeed feed) => Operation(feed.Script, FeedCode.Create(feed.Definition));

    public static SqlOperation Drop(ChangeFeed feed)
        => Operation(RemovalScript(feed.Schema, feed.Table, feed.Definition.Function), FeedCode.Drop(feed.Definition));

    /// <summary>The script that removes a feed.</summary>
    /// <param name="schema">The schema; <see langword="null"/> for <c>public</c>.</param>
    /// <param name="table">The table.</param>
    /// <param name="name">The name of the function; <see langword="null"/> for the one that a feed of the table has by default.</param>
    public static string RemovalScript(string? schema, string table, string? name)
    {
        var feed = ChangeFeed.For(schema, table).Key("id"); // A script is written of a feed with a key only, and this one has none in it.
        return (name is null ? feed : feed.Named(name)).RemovalScript;
    }

    private static SqlOperation Operation(string sql, string code)
    {
        var operation = new SqlOperation { Sql = sql };
        operation.AddAnnotation(CodeAnnotation, code);
        return operation;
    }
}
