using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using PgListener.Analyzers.Rules;

namespace PgListener.Analyzers;

/// <summary>PGL002 and PGL006: writes a name that PostgreSQL accepts, and that needs no quotes in SQL. Senders have to use the same name.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
internal sealed class ChannelNameFix : CodeFixProvider
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Descriptors.InvalidChannelName.Id, Descriptors.ChannelNameNeedsQuotes.Id];

    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        foreach (var diagnostic in context.Diagnostics)
        {
            // A constant that is declared elsewhere may have other uses, so it is not changed.
            if (!diagnostic.Properties.TryGetValue(ChannelNameAnalyzer.BetterNameProperty, out var name) || name is null
                || root?.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true) is not LiteralExpressionSyntax literal)
            {
                continue;
            }

            context.RegisterCodeFix(
                CodeAction.Create($"Name the channel '{name}'", _ => Task.FromResult(Rename(context.Document, root, literal, name)), diagnostic.Id),
                diagnostic);
        }
    }

    private static Document Rename(Document document, SyntaxNode root, LiteralExpressionSyntax literal, string name)
    {
        var renamed = SyntaxFactory.LiteralExpression(SyntaxKind.StringLiteralExpression, SyntaxFactory.Literal(name));
        return document.WithSyntaxRoot(root.ReplaceNode(literal, renamed.WithTriviaFrom(literal)));
    }
}
