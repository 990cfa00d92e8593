using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace PgListener.EntityFrameworkCore.Tests.Migrations;

[DbContext(typeof(SchemaContext))]
[Migration("20260101000000_CreateSchema")]
public sealed class CreateSchema : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.AddPgListenerSchema();

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropPgListenerSchema();
}
