using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using PgListener.Analyzers.Notify;
using PgListener.Analyzers.Rules;

namespace PgListener.Analyzers;

/// <summary>PGL004: <c>SELECT pg_notify($1, $2)</c> with parameters, for Npgsql's commands, where the text is one simple command.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
internal sealed class NotifyTextFix : CodeFixProvider
{
    private const string Command = "SELECT pg_notify($1, $2)";

    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Descriptors.NotifyFromText.Id];

    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        var model = await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        if (root?.FindNode(context.Span, getInnermostNodeForTie: true) is not ExpressionSyntax text
            || model?.GetOperation(text, context.CancellationToken) is not { } operation
            || NotifyText.From(operation) is not { } notify
            || !notify.TrySplit(out var channel, out var payload))
        {
            return;
        }

        ImmutableArray<ExpressionSyntax> values = [ValueExpression.Of(channel), ValueExpression.Of(payload)];
        var change = InCreation(text, values, model) ?? AfterStatement(text, values, model);
        if (change is not null)
            context.RegisterCodeFix(CodeAction.Create("Use pg_notify with parameters", _ => Task.FromResult(context.Document.WithSyntaxRoot(change(root))), nameof(NotifyTextFix)), context.Diagnostics);
    }

    /// <summary><c>new NpgsqlCommand(…) { Parameters = { … } }</c></summary>
    private static Func<SyntaxNode, SyntaxNode>? InCreation(ExpressionSyntax text, ImmutableArray<ExpressionSyntax> values, SemanticModel model)
    {
        if (text.Parent is not ArgumentSyntax { Parent.Parent: BaseObjectCreationExpressionSyntax { Initializer: null } creation } || !IsCommand(creation, model))
            return null;

        var parameters = string.Join(", ", values.Select(value => $"new() {{ Value = {value} }}"));
        var initializer = ((ObjectCreationExpressionSyntax)SyntaxFactory.ParseExpression($"new T() {{ Parameters = {{ {parameters} }} }}")).Initializer!;
        return root => root.ReplaceNode(
            creation,
            creation.ReplaceNode(text, Literal()).WithoutTrailingTrivia().WithInitializer(initializer.WithLeadingTrivia(SyntaxFactory.Space)).WithTrailingTrivia(creation.GetTrailingTrivia()));
    }

    /// <summary><c>command.Parameters.AddWithValue(…)</c> in the lines that follow.</summary>
    private static Func<SyntaxNode, SyntaxNode>? AfterStatement(ExpressionSyntax text, ImmutableArray<ExpressionSyntax> values, SemanticModel model)
    {
        var command = text.Parent switch
        {
            ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax { Parent: EqualsValueClauseSyntax { Parent: VariableDeclaratorSyntax variable } } call }
                when IsCommand(call, model) => variable.Identifier.ValueText,
            AssignmentExpressionSyntax { Parent: ExpressionStatementSyntax, Left: MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax receiver } }
                when IsCommand(receiver, model) => receiver.Identifier.ValueText,
            _ => null,
        };

        // What another statement declares, such as a using with a block, is not known behind it.
        var statement = text.FirstAncestorOrSelf<StatementSyntax>();
        if (command is null || statement is not (LocalDeclarationStatementSyntax or ExpressionStatementSyntax) || statement.Parent is not (BlockSyntax or GlobalStatementSyntax))
            return null;

        // The lines are written here, because the formatter would put an empty line between top-level statements.
        var indentation = statement.GetLeadingTrivia().LastOrDefault(trivia => trivia.IsKind(SyntaxKind.WhitespaceTrivia)).ToString();
        var newLine = statement.GetTrailingTrivia().LastOrDefault(trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia)).ToString();
        StatementSyntax[] statements =
        [
            statement.ReplaceNode(text, Literal()),
            .. values.Select(value => SyntaxFactory.ParseStatement($"{indentation}{command}.Parameters.AddWithValue({value});{newLine}")),
        ];
        return statement.Parent is GlobalStatementSyntax global
            ? root => root.ReplaceNode(global, statements.Select(SyntaxFactory.GlobalStatement))
            : root => root.ReplaceNode(statement, statements);
    }

    private static bool IsCommand(ExpressionSyntax expression, SemanticModel model)
        => model.GetTypeInfo(expression).Type is { Name: "NpgsqlCommand", ContainingNamespace: { Name: "Npgsql", ContainingNamespace.IsGlobalNamespace: true } };

    private static LiteralExpressionSyntax Literal() => SyntaxFactory.LiteralExpression(SyntaxKind.StringLiteralExpression, SyntaxFactory.Literal(Command));
}
