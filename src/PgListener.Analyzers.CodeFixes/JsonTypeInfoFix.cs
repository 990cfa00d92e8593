using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Editing;
using Microsoft.CodeAnalysis.Formatting;
using Microsoft.CodeAnalysis.Simplification;
using PgListener.Analyzers.Rules;

namespace PgListener.Analyzers;

/// <summary>PGL005: gives the channel a type info of the project's context, or of a new one.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
internal sealed class JsonTypeInfoFix : CodeFixProvider
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Descriptors.JsonTypeInfoMissing.Id];

    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        var model = await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);

        // A context outside the containing type cannot name a private type, and needs each type argument of a generic one.
        // The generator of System.Text.Json cannot name a type whose name is a keyword.
        if (root?.FindNode(context.Span) is not TypeDeclarationSyntax declaration
            || model?.GetDeclaredSymbol(declaration, context.CancellationToken) is not { } channel
            || HandlerShape.IsGeneric(channel)
            || SyntaxFacts.GetKeywordKind(channel.Name) != SyntaxKind.None
            || !HandlerShape.CanBeNamed(channel, model.Compilation))
        {
            return;
        }

        var json = JsonContext.Find(model.Compilation, channel, context.CancellationToken);
        context.RegisterCodeFix(
            CodeAction.Create(
                json is null ? $"Add a JsonTypeInfo and the context {JsonContext.NewName(channel)}" : $"Add a JsonTypeInfo of {json.Type.Name}",
                cancellation => AddAsync(context.Document, declaration, channel, json, cancellation),
                nameof(JsonTypeInfoFix)),
            context.Diagnostics);
    }

    private static async Task<Solution> AddAsync(Document document, TypeDeclarationSyntax declaration, INamedTypeSymbol channel, JsonContext? json, CancellationToken cancellationToken)
    {
        var editor = new SolutionEditor(document.Project.Solution);
        var file = await editor.GetDocumentEditorAsync(document.Id, cancellationToken).ConfigureAwait(false);
        var contextName = json?.Type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat) ?? JsonContext.NewName(channel);
        var property = Parse($"public static global::System.Text.Json.Serialization.Metadata.JsonTypeInfo<{channel.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat)}> JsonTypeInfo => {contextName}.Default.{json?.PropertyName ?? channel.Name};");
        file.ReplaceNode(declaration, (node, _) => WithMember((TypeDeclarationSyntax)node, property));

        if (json is null)
        {
            var outermost = declaration.AncestorsAndSelf().OfType<TypeDeclarationSyntax>().Last();
            file.InsertAfter(outermost, Parse(JsonContext.Declare(channel)));
        }
        else if (!json.HasType && json.Declaration is { } context && document.Project.Solution.GetDocument(context.SyntaxTree) is { } other)
        {
            var attribute = ((TypeDeclarationSyntax)Parse($"[global::System.Text.Json.Serialization.JsonSerializable(typeof({channel.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat)}))] class C;")).AttributeLists[0];
            var editorOfContext = await editor.GetDocumentEditorAsync(other.Id, cancellationToken).ConfigureAwait(false);
            editorOfContext.AddAttribute(context, attribute.WithTrailingTrivia(SyntaxFactory.ElasticLineFeed).WithAdditionalAnnotations(Imports.Annotation, Simplifier.Annotation, Formatter.Annotation));
        }

        var solution = editor.GetChangedSolution();
        foreach (var changed in solution.GetChanges(document.Project.Solution).GetProjectChanges().SelectMany(project => project.GetChangedDocuments()))
            solution = (await Imports.AddAsync(solution.GetDocument(changed)!, cancellationToken).ConfigureAwait(false)).Project.Solution;
        return solution;
    }

    /// <summary>A record may have no body yet.</summary>
    private static TypeDeclarationSyntax WithMember(TypeDeclarationSyntax type, MemberDeclarationSyntax member)
    {
        if (type.OpenBraceToken.IsKind(SyntaxKind.None))
        {
            type = type.WithSemicolonToken(default)
                .WithOpenBraceToken(SyntaxFactory.Token(SyntaxKind.OpenBraceToken).WithLeadingTrivia(SyntaxFactory.ElasticLineFeed))
                .WithCloseBraceToken(SyntaxFactory.Token(SyntaxKind.CloseBraceToken).WithTrailingTrivia(type.SemicolonToken.TrailingTrivia));
        }

        var isFirst = type.Members.Count == 0;
        return type.WithMembers(type.Members.Add(isFirst ? member : member.WithLeadingTrivia(SyntaxFactory.ElasticLineFeed)));
    }

    private static MemberDeclarationSyntax Parse(string member)
        => SyntaxFactory.ParseMemberDeclaration(member)!
            .WithTrailingTrivia(SyntaxFactory.ElasticLineFeed)
            .WithAdditionalAnnotations(Imports.Annotation, Simplifier.Annotation, Formatter.Annotation);
}
