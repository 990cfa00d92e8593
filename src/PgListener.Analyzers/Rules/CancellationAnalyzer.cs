using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace PgListener.Analyzers.Rules;

/// <summary>
/// PGL003: a token that is never cancelled in place of the handler's. CA2016 finds calls that leave the token out, and treats an explicit token as
/// intended.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
internal sealed class CancellationAnalyzer : DiagnosticAnalyzer
{
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Descriptors.TokenNotPassed];

    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            if (start.Compilation.GetTypeByMetadataName("PgListener.Resync") is not null)
                start.RegisterOperationAction(static invocation => Analyze(invocation), OperationKind.Invocation);
        });
    }

    private static void Analyze(OperationAnalysisContext context)
    {
        var invocation = (IInvocationOperation)context.Operation;
        var argument = invocation.Arguments.FirstOrDefault(argument => argument.Parameter is not null && HandlerFunction.IsToken(argument.Parameter.Type));
        if (argument is null || HandlerFunction.TokenAround(invocation, context.ContainingSymbol) is not { } token)
            return;

        if (argument.ArgumentKind != ArgumentKind.Explicit || !IsNever(argument.Value) || IsMeantToFinish(invocation))
            return;

        context.ReportDiagnostic(Diagnostic.Create(
            Descriptors.TokenNotPassed,
            argument.Syntax.GetLocation(),
            invocation.TargetMethod.MethodKind == MethodKind.DelegateInvoke ? (invocation.Syntax as InvocationExpressionSyntax)?.Expression.ToString() : invocation.TargetMethod.Name,
            token.ContainingSymbol is IMethodSymbol { MethodKind: MethodKind.AnonymousFunction } ? "callback" : "handler"));
    }

    private static bool IsNever(IOperation value) => value switch
    {
        IConversionOperation conversion => IsNever(conversion.Operand),
        IPropertyReferenceOperation property => property.Property.Name == "None" && HandlerFunction.IsToken(property.Property.ContainingType),
        IObjectCreationOperation creation => creation.Arguments.IsEmpty,
        IDefaultValueOperation => true,
        _ => false,
    };

    /// <summary>Whether the call cleans up, and so has to finish, or is not awaited, and so may outlive the handler.</summary>
    private static bool IsMeantToFinish(IInvocationOperation invocation)
    {
        if (invocation.Parent is ISimpleAssignmentOperation { Target: IDiscardOperation })
            return true;

        return invocation.Syntax.Ancestors()
            .TakeWhile(node => node is not (AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax or MemberDeclarationSyntax))
            .Any(node => node is CatchClauseSyntax or FinallyClauseSyntax);
    }
}
