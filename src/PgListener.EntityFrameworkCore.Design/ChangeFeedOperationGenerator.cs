using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations.Design;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace PgListener.EntityFrameworkCore.Design;

/// <summary>Writes <c>CreateChangeFeed</c> and <c>DropChangeFeed</c> into migrations, in place of the SQL that they run.</summary>
internal sealed class ChangeFeedOperationGenerator(CSharpMigrationOperationGeneratorDependencies dependencies) : CSharpMigrationOperationGenerator(dependencies)
{
    /// <summary>The annotation of an operation with the call. The package PgListener.EntityFrameworkCore sets it; this assembly knows it by its name only.</summary>
    private const string CodeAnnotation = "PgListener:Code";

    protected override void Generate(SqlOperation operation, IndentedStringBuilder builder)
    {
        if (operation.FindAnnotation(CodeAnnotation)?.Value is string code)
            builder.Append(".").AppendLines(code, skipFinalNewline: true);
        else
            base.Generate(operation, builder);
    }
}
