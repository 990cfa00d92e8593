using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace PgListener.Analyzers.Rules;

/// <summary>PGL007: async code for a delegate of the library that returns void: a callback that sets options, or a handler of an event.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
internal sealed class AsyncVoidAnalyzer : DiagnosticAnalyzer
{
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Descriptors.AsyncVoid];

    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterOperationAction(static creation => Analyze(creation), OperationKind.DelegateCreation);
    }

    private static void Analyze(OperationAnalysisContext context)
    {
        var creation = (IDelegateCreationOperation)context.Operation;
        if (MethodOf(creation.Target) is not { IsAsync: true, ReturnsVoid: true } method || TakerOf(creation) is not { } taker || CatchesAll(method, context.CancellationToken))
            return;

        context.ReportDiagnostic(Diagnostic.Create(
            Descriptors.AsyncVoid, creation.Syntax.GetLocation(), taker.Name, creation.Target is IAnonymousFunctionOperation ? "lambda" : "method"));
    }

    private static IMethodSymbol? MethodOf(IOperation target) => target switch
    {
        IAnonymousFunctionOperation lambda => lambda.Symbol,
        IMethodReferenceOperation reference => reference.Method,
        _ => null,
    };

    /// <summary>The library's method or event that the delegate is passed to.</summary>
    private static ISymbol? TakerOf(IDelegateCreationOperation creation)
    {
        var taker = creation.Parent switch
        {
            IArgumentOperation { Parameter: { } parameter } => parameter.ContainingSymbol,
            IEventAssignmentOperation { Adds: true, EventReference: IEventReferenceOperation reference } => reference.Event,
            _ => null,
        };
        return taker is not null && PgListenerApi.Declares(taker) ? taker : null;
    }

    /// <summary>Whether its only statement is a <c>try</c> whose last <c>catch</c> catches every exception, so that none is unobserved.</summary>
    private static bool CatchesAll(IMethodSymbol method, CancellationToken cancellationToken)
    {
        var body = method.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellationToken) switch
        {
            AnonymousFunctionExpressionSyntax lambda => lambda.Block,
            MethodDeclarationSyntax declaration => declaration.Body,
            LocalFunctionStatementSyntax local => local.Body,
            _ => null,
        };
        return body?.Statements is { Count: 1 } statements && (statements[0] as TryStatementSyntax)?.Catches.LastOrDefault() is { Filter: null } last
            && last.Declaration?.Type.ToString() is null or "Exception" or "System.Exception";
    }
}
