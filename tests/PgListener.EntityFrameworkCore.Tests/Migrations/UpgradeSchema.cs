using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace PgListener.EntityFrameworkCore.Tests.Migrations;

/// <summary>What a later version of the package asks for.</summary>
[DbContext(typeof(SchemaContext))]
[Migration("20260101000001_UpgradeSchema")]
public sealed class UpgradeSchema : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.AddPgListenerSchema(fromVersion: DurableSchema.Version);

    protected override void Down(MigrationBuilder migrationBuilder)
    {
    }
}
