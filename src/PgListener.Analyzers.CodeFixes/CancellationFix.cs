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

/// <summary>PGL003: passes the handler's token on, and gives it a name where it has none.</summary>
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
        var call = root?.FindNode(context.Span, getInnermostNodeForTie: true).FirstAncestorOrSelf<InvocationExpressionSyntax>();
        if (call is null
            || model?.GetOperation(call, context.CancellationToken) is not IInvocationOperation invocation
            || model.GetEnclosingSymbol(call.SpanStart, context.CancellationToken) is not { } member
            || HandlerFunction.TokenAround(invocation, member) is not { } token
            || token.DeclaringSyntaxReferences.FirstOrDefault() is not { } declaration)
        {
            return;
        }

        // A variable of the same name outside the callback would be hidden.
        var isNamed = !CancellationAnalyzer.IsDiscard(token);
        var name = isNamed ? token.Name : Array.Find(Names, name => model.LookupSymbols(call.SpanStart, name: name).IsEmpty);
        if (name is null)
            return;

        context.RegisterCodeFix(
            CodeAction.Create(
                "Pass the cancellation token on",
                cancellation => PassAsync(context.Document, call, invocation, name, isNamed ? null : declaration, cancellation),
                nameof(CancellationFix)),
            context.Diagnostics);
    }

    private static async Task<Document> PassAsync(
        Document document, InvocationExpressionSyntax call, IInvocationOperation invocation, string name, SyntaxReference? unnamed, CancellationToken cancellationToken)
    {
        var editor = await DocumentEditor.CreateAsync(document, cancellationToken).ConfigureAwait(false);
        var argument = invocation.Arguments.First(argument => argument.Parameter is not null && HandlerFunction.IsToken(argument.Parameter.Type));
        var token = SyntaxFactory.IdentifierName(name);
        if (argument.ArgumentKind == ArgumentKind.DefaultValue)
        {
            // By its name, since parameters before it may have been left out too.
            var isNext = argument.Parameter!.Ordinal == call.ArgumentList.Arguments.Count + (IsReducedExtension(invocation) ? 1 : 0)
                && call.ArgumentList.Arguments.All(given => given.NameColon is null);
            var added = SyntaxFactory.Argument(isNext ? null : SyntaxFactory.NameColon(argument.Parameter.Name), default, token);
            editor.ReplaceNode(call.ArgumentList, call.ArgumentList.AddArguments(added));
        }
        else
        {
            var given = (ArgumentSyntax)argument.Syntax;
            editor.ReplaceNode(given.Expression, token.WithTriviaFrom(given.Expression));
        }

        if (unnamed is not null && await unnamed.GetSyntaxAsync(cancellationToken).ConfigureAwait(false) is ParameterSyntax parameter)
            editor.ReplaceNode(parameter, parameter.WithIdentifier(SyntaxFactory.Identifier(name).WithTriviaFrom(parameter.Identifier)));
        return editor.GetChangedDocument();
    }

    private static bool IsReducedExtension(IInvocationOperation invocation)
        => invocation.TargetMethod.IsExtensionMethod && invocation.Instance is null && invocation.Arguments.FirstOrDefault()?.Syntax is not ArgumentSyntax;
}
