using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Editing;
using Microsoft.CodeAnalysis.Operations;
using PgListener.Analyzers.Rules;

namespace PgListener.Analyzers;

/// <summary>PGL003: passes on the handler's token, and names the parameter if it has no name.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
internal sealed class CancellationFix : CodeFixProvider
{
    private static readonly string[] Names = ["cancellationToken", "token"];

    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Descriptors.TokenNotPassed.Id];

    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        var model = await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        var given = root?.FindNode(context.Span).FirstAncestorOrSelf<ArgumentSyntax>();
        var call = given?.FirstAncestorOrSelf<InvocationExpressionSyntax>();
        if (given is null
            || call is null
            || model?.GetOperation(call, context.CancellationToken) is not IInvocationOperation invocation
            || model.GetEnclosingSymbol(call.SpanStart, context.CancellationToken) is not { } member
            || HandlerFunction.TokenAround(invocation, member) is not { } token
            || token.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(context.CancellationToken) is not ParameterSyntax parameter)
        {
            return;
        }

        // A variable of the same name outside the callback would be hidden.
        var isNamed = !token.IsDiscard && token.Name != "_";
        var name = isNamed ? token.Name : Array.Find(Names, name => model.LookupSymbols(call.SpanStart, name: name).IsEmpty);
        if (name is null || !isNamed && UsesDiscards(parameter))
            return;

        context.RegisterCodeFix(
            CodeAction.Create(
                "Pass the cancellation token on",
                cancellation => PassAsync(context.Document, given.Expression, name, isNamed ? null : parameter, cancellation),
                nameof(CancellationFix)),
            context.Diagnostics);
    }

    /// <summary>Whether its function writes <c>_</c>, which would become another parameter when one of two discards is given a name.</summary>
    private static bool UsesDiscards(ParameterSyntax parameter)
        => parameter.FirstAncestorOrSelf<AnonymousFunctionExpressionSyntax>()?.Body.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>().Any(used => used.Identifier.ValueText == "_") == true;

    private static async Task<Document> PassAsync(Document document, ExpressionSyntax given, string name, ParameterSyntax? unnamed, CancellationToken cancellationToken)
    {
        var editor = await DocumentEditor.CreateAsync(document, cancellationToken).ConfigureAwait(false);
        editor.ReplaceNode(given, SyntaxFactory.IdentifierName(name).WithTriviaFrom(given));
        if (unnamed is not null)
            editor.ReplaceNode(unnamed, unnamed.WithIdentifier(SyntaxFactory.Identifier(name).WithTriviaFrom(unnamed.Identifier)));
        return editor.GetChangedDocument();
    }
}
