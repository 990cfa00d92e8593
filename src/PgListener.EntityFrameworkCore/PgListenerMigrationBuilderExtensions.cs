using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.EntityFrameworkCore.Migrations.Operations.Builders;
using PgListener;

namespace Microsoft.EntityFrameworkCore.Migrations;

/// <summary>Creates and removes in migrations what PgListener needs in the database.</summary>
/// <remarks>All of it is SQL, so it is part of scripts (idempotent ones too) and bundles.</remarks>
public static class PgListenerMigrationBuilderExtensions
{
    /// <summary>Creates the schema of durable channels, or brings it up to date.</summary>
    /// <param name="migrationBuilder">The migration.</param>
    /// <param name="fromVersion">The version of the schema that the database has; 0 if it has none. Write another migration with it when a later version of the package raises <see cref="DurableSchema.Version"/>.</param>
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
}
