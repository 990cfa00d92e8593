using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PgListener.Analyzers.Generation;

/// <summary>Generates <c>AddHandlers()</c> in an assembly. The method adds each handler class of that assembly.</summary>
[Generator(LanguageNames.CSharp)]
internal sealed class AddHandlersGenerator : IIncrementalGenerator
{
    /// <summary>The name of the step whose result decides whether the source is generated again.</summary>
    public const string CallsStep = "HandlerCalls";

    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        context.RegisterPostInitializationOutput(static output => output.AddEmbeddedAttributeDefinition());

        var isReferenced = context.CompilationProvider.Select(static (compilation, _) => compilation.GetTypeByMetadataName("PgListener.PgListenerBuilder") is not null);
        var calls = context.SyntaxProvider
            .CreateSyntaxProvider(static (node, _) => node is ClassDeclarationSyntax { BaseList: not null } or RecordDeclarationSyntax { BaseList: not null }, static (syntax, cancellation) => CallsFor(syntax, cancellation))
            .Where(static calls => calls.Any())
            .Collect()
            .Select(static (calls, _) => InOrder(calls.SelectMany(static call => call)))
            .WithTrackingName(CallsStep);

        context.RegisterSourceOutput(calls.Combine(isReferenced), static (output, model) =>
        {
            if (model.Right)
                output.AddSource(AddHandlersSource.FileName, AddHandlersSource.Write(model.Left));
        });
    }

    private static EquatableArray<HandlerCall> CallsFor(GeneratorSyntaxContext syntax, CancellationToken cancellationToken)
    {
        var compilation = syntax.SemanticModel.Compilation;
        if (compilation.GetTypeByMetadataName(HandlerShape.HandlerInterface) is not { } handler
            || syntax.SemanticModel.GetDeclaredSymbol(syntax.Node, cancellationToken) is not INamedTypeSymbol type)
        {
            return EquatableArray<HandlerCall>.Empty;
        }

        return new(
            [.. HandlerShape.ChannelsOf(type, handler)
                .Where(channel => HandlerShape.CanBeAdded(type, channel, compilation))
                .Select(channel => new HandlerCall(NameOf(channel), NameOf(type)))]);
    }

    /// <summary>A partial class is found once for each of its parts.</summary>
    private static EquatableArray<HandlerCall> InOrder(IEnumerable<HandlerCall> calls)
        => new([.. calls.Distinct().OrderBy(static call => call.Handler, StringComparer.Ordinal).ThenBy(static call => call.Channel, StringComparer.Ordinal)]);

    private static string NameOf(INamedTypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);
}
