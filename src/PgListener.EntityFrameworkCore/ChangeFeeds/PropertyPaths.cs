using System.Linq.Expressions;

namespace PgListener.EntityFrameworkCore.ChangeFeeds;

/// <summary>Reads the properties that an expression names.</summary>
internal static class PropertyPaths
{
    /// <summary>The names of the properties; of an owned or complex type with dots.</summary>
    /// <exception cref="ArgumentException">The expression names something else.</exception>
    public static string[] Of(LambdaExpression properties)
    {
        ArgumentNullException.ThrowIfNull(properties);
        return Unconverted(properties.Body) is NewExpression several
            ? [.. several.Arguments.Select(argument => PathOf(argument, properties))]
            : [PathOf(properties.Body, properties)];
    }

    private static string PathOf(Expression expression, LambdaExpression whole)
    {
        var names = new Stack<string>();
        var rest = Unconverted(expression);
        while (rest is MemberExpression { Expression: { } owner } member)
        {
            names.Push(member.Member.Name);
            rest = Unconverted(owner);
        }

        return rest == whole.Parameters[0] && names.Count > 0
            ? string.Join('.', names)
            : throw new ArgumentException($"'{whole}' does not name properties. Write p => p.Price, or p => new {{ p.Price, p.Name }}.", nameof(whole));
    }

    private static Expression Unconverted(Expression expression)
        => expression is UnaryExpression { NodeType: ExpressionType.Convert or ExpressionType.ConvertChecked or ExpressionType.TypeAs } conversion ? Unconverted(conversion.Operand) : expression;
}
