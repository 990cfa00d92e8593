using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using PgListener.Analyzers.Notify;

namespace PgListener.Analyzers;

/// <summary>The expression of a string that consists of several parts.</summary>
internal static class ValueExpression
{
    public static ExpressionSyntax Of(ImmutableArray<TextPart> parts)
    {
        if (parts.All(part => part.Text is not null))
            return SyntaxFactory.LiteralExpression(SyntaxKind.StringLiteralExpression, SyntaxFactory.Literal(string.Concat(parts.Select(part => part.Text))));

        if (parts.Length == 1 && parts[0] is { IsFormatted: false, Value: { Type.SpecialType: SpecialType.System_String } value })
        {
            // In a string, null is empty; as a parameter's value it is an error.
            var expression = value.Syntax.WithoutTrivia().ToString();
            return SyntaxFactory.ParseExpression(value.Type.NullableAnnotation == NullableAnnotation.Annotated ? $"{InParentheses(value.Syntax)} ?? \"\"" : expression);
        }

        var text = new StringBuilder("$\"");
        foreach (var part in parts)
        {
            if (part.Text is { } constant)
                text.Append(Escaped(constant));
            else
                text.Append(Interpolation(part));
        }

        return SyntaxFactory.ParseExpression(text.Append('"').ToString());
    }

    private static string Escaped(string constant)
    {
        var literal = SymbolDisplay.FormatLiteral(constant, quote: true);
        return literal.Substring(1, literal.Length - 2).Replace("{", "{{").Replace("}", "}}");
    }

    private static string Interpolation(TextPart part)
    {
        var syntax = part.Value!.Syntax;
        if (part.IsFormatted && syntax.FirstAncestorOrSelf<InterpolationSyntax>() is { } interpolation)
            return interpolation.ToString();

        return $"{{{InParentheses(syntax)}}}";
    }

    /// <summary>In parentheses if something would bind to a part of it, or a <c>:</c> in it would begin a format.</summary>
    private static string InParentheses(SyntaxNode syntax)
    {
        var text = syntax.WithoutTrivia().ToString();
        return syntax is ConditionalExpressionSyntax or AssignmentExpressionSyntax or AnonymousFunctionExpressionSyntax || syntax.DescendantNodes().Any(node => node is AliasQualifiedNameSyntax) ? $"({text})" : text;
    }
}
