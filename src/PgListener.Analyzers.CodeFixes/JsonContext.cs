using Microsoft.CodeAnalysis;

namespace PgListener.Analyzers;

/// <summary>A source-generated JSON context of the project.</summary>
/// <param name="Type">The class.</param>
/// <param name="Declaration">The declaration that has its attributes.</param>
/// <param name="HasType">Whether it already contains the channel's type.</param>
/// <param name="PropertyName">The name of the type info's property.</param>
internal sealed record JsonContext(INamedTypeSymbol Type, SyntaxNode? Declaration, bool HasType, string PropertyName)
{
    private const string Attribute = "JsonSerializableAttribute";

    /// <summary>The project's context for a type: one that contains it, or else the first one.</summary>
    public static JsonContext? Find(Compilation compilation, INamedTypeSymbol channel, CancellationToken cancellationToken)
    {
        if (compilation.GetTypeByMetadataName("System.Text.Json.Serialization.JsonSerializerContext") is not { } contextType)
            return null;

        var contexts = compilation.GetSymbolsWithName(_ => true, SymbolFilter.Type, cancellationToken).OfType<INamedTypeSymbol>()
            .Where(type => SymbolEqualityComparer.Default.Equals(type.BaseType, contextType) && HandlerShape.CanBeNamed(type, compilation))
            .OrderBy(type => type.Name, StringComparer.Ordinal)
            .Select(type => Of(type, channel, cancellationToken))
            .ToArray();
        return Array.Find(contexts, context => context.HasType) ?? contexts.FirstOrDefault();
    }

    /// <summary>The name of a context for one channel.</summary>
    public static string NewName(INamedTypeSymbol channel) => $"{channel.Name}JsonContext";

    /// <summary>A context with the options that the library uses with reflection.</summary>
    public static string Declare(INamedTypeSymbol channel) => $"""

        [global::System.Text.Json.Serialization.JsonSourceGenerationOptions(global::System.Text.Json.JsonSerializerDefaults.Web, AllowOutOfOrderMetadataProperties = true)]
        [global::System.Text.Json.Serialization.JsonSerializable(typeof({channel.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat)}))]
        internal sealed partial class {NewName(channel)} : global::System.Text.Json.Serialization.JsonSerializerContext;
        """;

    private static JsonContext Of(INamedTypeSymbol type, INamedTypeSymbol channel, CancellationToken cancellationToken)
    {
        var attributes = type.GetAttributes().Where(attribute => attribute.AttributeClass?.Name == Attribute).ToArray();
        var attribute = Array.Find(attributes, attribute => SymbolEqualityComparer.Default.Equals(attribute.ConstructorArguments.FirstOrDefault().Value as ISymbol, channel));
        var name = attribute?.NamedArguments.FirstOrDefault(argument => argument.Key == "TypeInfoPropertyName").Value.Value as string ?? channel.Name;
        var declaration = attributes.Select(attribute => attribute.ApplicationSyntaxReference?.GetSyntax(cancellationToken).Parent?.Parent).FirstOrDefault(node => node is not null)
            ?? type.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellationToken);
        return new(type, declaration, attribute is not null, name);
    }
}
