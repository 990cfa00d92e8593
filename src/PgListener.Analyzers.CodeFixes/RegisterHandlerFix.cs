using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Editing;
using Microsoft.CodeAnalysis.Simplification;
using PgListener.Analyzers.Rules;

namespace PgListener.Analyzers;

/// <summary>PGL001: registers the class after <c>AddPgListener()</c>, alone or together with all others.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
internal sealed class RegisterHandlerFix : CodeFixProvider
{
    public const string AddHandlersKey = "AddHandlers";
    public const string AddHandlerKey = "AddHandler";

    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Descriptors.HandlerNotRegistered.Id];

    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        var model = await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        var diagnostic = context.Diagnostics[0];
        if (root?.FindNode(context.Span) is not TypeDeclarationSyntax declaration
            || model?.GetDeclaredSymbol(declaration, context.CancellationToken) is not { } handler
            || ChannelOf(diagnostic, model.Compilation) is not { } channel
            || await FindAddPgListenerAsync(context.Document, context.CancellationToken).ConfigureAwait(false) is not { } call)
        {
            return;
        }

        if (HandlerShape.CanBeAdded(handler, channel, model.Compilation))
            Register("Add all handlers with AddHandlers()", AddHandlersKey, _ => SyntaxFactory.IdentifierName("AddHandlers"));
        if (HandlerShape.CanBeNamed(handler, model.Compilation) && HandlerShape.CanBeNamed(channel, model.Compilation))
            Register($"Add AddHandler<{channel.Name}, {handler.Name}>()", AddHandlerKey, generator => generator.GenericName("AddHandler", Type(generator, channel), Type(generator, handler)));

        void Register(string title, string key, Func<SyntaxGenerator, SyntaxNode> method)
            => context.RegisterCodeFix(
                CodeAction.Create(title, cancellation => AddCallAsync(context.Document.Project.Solution, call, method, cancellation), key),
                diagnostic);
    }

    private static INamedTypeSymbol? ChannelOf(Diagnostic diagnostic, Compilation compilation)
        => diagnostic.Properties.TryGetValue(HandlerNotRegisteredAnalyzer.ChannelProperty, out var id) && id is not null
            ? DocumentationCommentId.GetFirstSymbolForReferenceId(id, compilation) as INamedTypeSymbol ?? DocumentationCommentId.GetFirstSymbolForDeclarationId(id, compilation) as INamedTypeSymbol
            : null;

    /// <summary>The first call in the same file, or else in the project.</summary>
    private static async Task<(DocumentId Document, InvocationExpressionSyntax Call)?> FindAddPgListenerAsync(Document document, CancellationToken cancellationToken)
    {
        foreach (var searched in document.Project.Documents.Where(other => other.Id != document.Id).Prepend(document))
        {
            var root = await searched.GetSyntaxRootAsync(cancellationToken).ConfigureAwait(false);
            var calls = root?.DescendantNodes().OfType<InvocationExpressionSyntax>().Where(call => call.Expression is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "AddPgListener" }).ToArray();
            if (calls is not { Length: > 0 })
                continue;

            // A method of the same name adds the health check.
            var model = await searched.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
            var call = Array.Find(calls, call => model?.GetTypeInfo(call, cancellationToken).Type is { Name: "PgListenerBuilder" });
            if (call is not null)
                return (searched.Id, call);
        }

        return null;
    }

    private static SyntaxNode Type(SyntaxGenerator generator, INamedTypeSymbol type)
        => generator.TypeExpression(type).WithAdditionalAnnotations(Imports.Annotation, Simplifier.Annotation);

    private static async Task<Solution> AddCallAsync(
        Solution solution, (DocumentId Document, InvocationExpressionSyntax Call) where, Func<SyntaxGenerator, SyntaxNode> method, CancellationToken cancellationToken)
    {
        var document = solution.GetDocument(where.Document)!;
        var root = await document.GetSyntaxRootAsync(cancellationToken).ConfigureAwait(false);
        var name = (SimpleNameSyntax)method(SyntaxGenerator.GetGenerator(document));

        // On a line of its own if the rest of the chain is written that way.
        var next = (where.Call.Parent as MemberAccessExpressionSyntax)?.OperatorToken;
        var before = next?.LeadingTrivia ?? SyntaxFactory.TriviaList();
        var dot = SyntaxFactory.Token(before, SyntaxKind.DotToken, SyntaxFactory.TriviaList());
        var receiver = next is null ? where.Call.WithoutTrailingTrivia() : where.Call;
        var added = SyntaxFactory.InvocationExpression(SyntaxFactory.MemberAccessExpression(SyntaxKind.SimpleMemberAccessExpression, receiver, dot, name))
            .WithTrailingTrivia(where.Call.GetTrailingTrivia());
        var changed = await Imports.AddAsync(document.WithSyntaxRoot(root!.ReplaceNode(where.Call, added)), cancellationToken).ConfigureAwait(false);
        return changed.Project.Solution;
    }
}
