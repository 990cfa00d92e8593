using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using PgListener.Analyzers.Notify;

namespace PgListener.Analyzers.Rules;

/// <summary>PGL004: texts of commands for ADO.NET, Entity Framework Core and Dapper.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
internal sealed class NotifyTextAnalyzer : DiagnosticAnalyzer
{
    private static readonly string[] AdoTypes =
        ["System.Data.Common.DbCommand", "System.Data.Common.DbBatchCommand", "System.Data.Common.DbDataSource", "System.Data.Common.DbConnection"];

    private static readonly string[] ExtensionTypes =
        ["Microsoft.EntityFrameworkCore.RelationalDatabaseFacadeExtensions", "Microsoft.EntityFrameworkCore.RelationalQueryableExtensions", "Dapper.SqlMapper"];

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Descriptors.NotifyFromText];

    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            var ado = Types(start.Compilation, AdoTypes);
            var extensions = Types(start.Compilation, ExtensionTypes);
            start.RegisterOperationAction(operation => AnalyzeArgument(operation, ado, extensions), OperationKind.Argument);
            start.RegisterOperationAction(operation => AnalyzeAssignment(operation, ado), OperationKind.SimpleAssignment);
        });
    }

    private static ImmutableArray<INamedTypeSymbol> Types(Compilation compilation, string[] names)
        => [.. names.Select(compilation.GetTypeByMetadataName).OfType<INamedTypeSymbol>()];

    private static void AnalyzeArgument(OperationAnalysisContext context, ImmutableArray<INamedTypeSymbol> ado, ImmutableArray<INamedTypeSymbol> extensions)
    {
        var argument = (IArgumentOperation)context.Operation;
        if (argument.Parameter is not { Type.SpecialType: SpecialType.System_String, ContainingSymbol.ContainingType: { } taker } || argument.Value.ConstantValue.HasValue)
            return;

        if (DerivesFromAny(taker, ado) || extensions.Contains(taker, SymbolEqualityComparer.Default))
            Analyze(context, argument.Value);
    }

    private static void AnalyzeAssignment(OperationAnalysisContext context, ImmutableArray<INamedTypeSymbol> ado)
    {
        var assignment = (ISimpleAssignmentOperation)context.Operation;
        if (assignment.Target is IPropertyReferenceOperation { Property: { Name: "CommandText", ContainingType: { } type } } && DerivesFromAny(type, ado))
            Analyze(context, assignment.Value);
    }

    private static bool DerivesFromAny(INamedTypeSymbol type, ImmutableArray<INamedTypeSymbol> bases)
    {
        for (INamedTypeSymbol? derived = type; derived is not null; derived = derived.BaseType)
        {
            if (bases.Contains(derived, SymbolEqualityComparer.Default))
                return true;
        }

        return false;
    }

    private static void Analyze(OperationAnalysisContext context, IOperation value)
    {
        if (NotifyText.From(InitializerOf(value, context.CancellationToken)) is not null)
            context.ReportDiagnostic(Diagnostic.Create(Descriptors.NotifyFromText, value.Syntax.GetLocation()));
    }

    /// <summary>For a local variable, the expression that initialises it.</summary>
    private static IOperation InitializerOf(IOperation value, CancellationToken cancellationToken)
        => (value as ILocalReferenceOperation)?.Local.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellationToken) is VariableDeclaratorSyntax { Initializer.Value: { } initializer }
            && value.SemanticModel?.GetOperation(initializer, cancellationToken) is { } operation
                ? operation
                : value;
}
