using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.EntityFrameworkCore.Migrations.Operations.Builders;
using PgListener;
using PgListener.EntityFrameworkCore.Migrations;

namespace Microsoft.EntityFrameworkCore.Migrations;

/// <summary>Creates and removes in migrations what PgListener needs in the database.</summary>
/// <remarks>All of it is SQL, so it is part of scripts (idempotent ones too) and bundles.</remarks>
public static class PgListenerMigrationBuilderExtensions
{
    /// <summary>Creates the schema of durable channels, or updates it.</summary>
    /// <param name="migrationBuilder">The migration.</param>
    /// <param name="fromVersion">The version of the schema that the database has; 0 if it has none. Add another migration with the old version when a later version of the package raises <see cref="DurableSchema.Version"/>.</param>
    /// <returns>The operation.</returns>
    /// <remarks>The role that migrates needs the right to create a schema in the database. Remove it in <c>Down</c> with <see cref="DropPgListenerSchema"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">There is no such version.</exception>
    public static OperationBuilder<SqlOperation> AddPgListenerSchema(this MigrationBuilder migrationBuilder, int fromVersion = 0)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        return migrationBuilder.Sql(DurableSchema.ScriptFrom(fromVersion));
    }

    /// <summary>Removes the schema of durable channels, with all messages and the positions of all subscriptions.</summary>
    /// <param name="migrationBuilder">The migration.</param>
    /// <returns>The operation.</returns>
    public static OperationBuilder<SqlOperation> DropPgListenerSchema(this MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        return migrationBuilder.Sql("DROP SCHEMA IF EXISTS pglistener CASCADE;\n");
    }

    /// <summary>Creates a change feed of a table, or replaces the one that the table has under the same name.</summary>
    /// <param name="migrationBuilder">The migration.</param>
    /// <param name="table">The table, as it is named in the database.</param>
    /// <param name="feed">Describes the feed: its key, and what it watches. Columns are named as in the database.</param>
    /// <param name="schema">The schema of the table; <see langword="null"/> for <c>public</c>.</param>
    /// <returns>The operation.</returns>
    /// <remarks><c>dotnet ef migrations add</c> writes this call for a feed of the model: <c>modelBuilder.Entity&lt;T&gt;().HasChangeFeed(…)</c>.</remarks>
    public static OperationBuilder<SqlOperation> CreateChangeFeed(this MigrationBuilder migrationBuilder, string table, Func<ChangeFeed, ChangeFeed> feed, string? schema = null)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        ArgumentNullException.ThrowIfNull(feed);
        return migrationBuilder.Sql(feed(ChangeFeed.For(schema, table)).Script);
    }

    /// <summary>Removes a change feed. Does nothing if it does not exist.</summary>
    /// <param name="migrationBuilder">The migration.</param>
    /// <param name="table">The table that it was created for. It need not exist any more.</param>
    /// <param name="schema">The schema of the table; <see langword="null"/> for <c>public</c>.</param>
    /// <param name="name">The name of its function; <see langword="null"/> for the table's name followed by <c>_changes</c>.</param>
    /// <returns>The operation.</returns>
    public static OperationBuilder<SqlOperation> DropChangeFeed(this MigrationBuilder migrationBuilder, string table, string? schema = null, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        return migrationBuilder.Sql(FeedOperations.RemovalScript(schema, table, name));
    }
}
