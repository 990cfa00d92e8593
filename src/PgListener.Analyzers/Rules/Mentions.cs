using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PgListener.Analyzers.Rules;

/// <summary>
/// The names in a file that may register a class: type arguments, <c>typeof</c>, <c>new</c>, base types, aliases, and called methods. Only their
/// spelling counts, so a file is read again only when it has changed.
/// </summary>
internal sealed class Mentions
{
    private static readonly ConditionalWeakTable<SyntaxTree, Mentions> Known = new();

    private readonly HashSet<string> _types = new(StringComparer.Ordinal);
    private readonly HashSet<string> _calls = new(StringComparer.Ordinal);

    private Mentions(SyntaxNode root)
    {
        foreach (var node in root.DescendantNodes())
            Add(node);
    }

    public static Mentions In(SyntaxTree tree, CancellationToken cancellationToken)
    {
        if (Known.TryGetValue(tree, out var mentions))
            return mentions;

        var root = tree.GetRoot(cancellationToken);
        return Known.GetValue(tree, _ => new(root));
    }

    /// <summary>Whether a type of this name is mentioned outside itself.</summary>
    public bool HasType(string name) => _types.Contains(name);

    /// <summary>Whether the file contains <c>typeof(INotificationHandler&lt;&gt;)</c>, as code does that scans assemblies for handlers.</summary>
    public bool LooksForHandlers { get; private set; }

    /// <summary>Whether a method of this name is called or mentioned.</summary>
    public bool HasCall(string name) => _calls.Contains(name);

    private void Add(SyntaxNode node)
    {
        switch (node)
        {
            case TypeArgumentListSyntax list:
                foreach (var argument in list.Arguments)
                    AddType(argument);
                break;
            case TypeOfExpressionSyntax typeOf:
                AddType(typeOf.Type);
                LooksForHandlers |= Simple(typeOf.Type) is GenericNameSyntax { IsUnboundGenericName: true, Identifier.ValueText: "INotificationHandler" };
                break;
            case ObjectCreationExpressionSyntax creation:
                AddType(creation.Type);
                break;
            case ImplicitObjectCreationExpressionSyntax { Parent: EqualsValueClauseSyntax { Parent: { } declarator } }:
                AddDeclaredType(declarator);
                break;
            case BaseTypeSyntax baseType:
                AddType(baseType.Type);
                break;
            case UsingDirectiveSyntax { Alias: not null, NamespaceOrType: TypeSyntax aliased }:
                AddType(aliased);
                break;
            case MemberAccessExpressionSyntax access:
                _calls.Add(access.Name.Identifier.ValueText);
                break;
            case MemberBindingExpressionSyntax binding:
                _calls.Add(binding.Name.Identifier.ValueText);
                break;
        }
    }

    private void AddDeclaredType(SyntaxNode declarator)
    {
        if (declarator is VariableDeclaratorSyntax { Parent: VariableDeclarationSyntax variable })
            AddType(variable.Type);
        else if (declarator is PropertyDeclarationSyntax property)
            AddType(property.Type);
    }

    private void AddType(TypeSyntax type)
    {
        if (Simple(type)?.Identifier.ValueText is not { } name)
            return;

        // A class that mentions itself, as in ILogger<Self>, is not registered by that.
        if (!type.Ancestors().OfType<TypeDeclarationSyntax>().Any(around => around.Identifier.ValueText == name))
            _types.Add(name);
    }

    private static SimpleNameSyntax? Simple(TypeSyntax type) => type switch
    {
        QualifiedNameSyntax qualified => qualified.Right,
        AliasQualifiedNameSyntax qualified => qualified.Name,
        SimpleNameSyntax simple => simple,
        _ => null,
    };
}
