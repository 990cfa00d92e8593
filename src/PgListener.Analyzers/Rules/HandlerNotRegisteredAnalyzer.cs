using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using PgListener.Analyzers.Generation;

namespace PgListener.Analyzers.Rules;

/// <summary>
/// PGL001, in applications only, because an application registers the handlers of the libraries it uses. It searches the other files for each handler, and not
/// at the end of the compilation, because an editor offers no fix for a diagnostic that is reported then.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
internal sealed class HandlerNotRegisteredAnalyzer : DiagnosticAnalyzer
{
    /// <summary>The diagnostic's property with the documentation id of the channel's type.</summary>
    public const string ChannelProperty = "Channel";

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Descriptors.HandlerNotRegistered];

    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            if (start.Compilation.Options.OutputKind is not (OutputKind.ConsoleApplication or OutputKind.WindowsApplication or OutputKind.WindowsRuntimeApplication)
                || start.Compilation.GetTypeByMetadataName("PgListener.PgListenerBuilder") is null
                || start.Compilation.GetTypeByMetadataName(HandlerShape.HandlerInterface) is not { } handler)
            {
                return;
            }

            start.RegisterSymbolAction(symbol => Analyze(symbol, handler), SymbolKind.NamedType);
        });
    }

    private static void Analyze(SymbolAnalysisContext context, INamedTypeSymbol handler)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        var channel = HandlerShape.ChannelsOf(type, handler).FirstOrDefault();
        if (channel is null)
            return;

        var canBeAdded = HandlerShape.CanBeAdded(type, channel, context.Compilation);
        foreach (var tree in context.Compilation.SyntaxTrees)
        {
            if (tree.FilePath.EndsWith(AddHandlersSource.FileName, StringComparison.Ordinal))
                continue; // The generated method names all handlers, even if it is not called.

            var mentions = Mentions.In(tree, context.CancellationToken);
            if (mentions.HasType(type.Name) || canBeAdded && mentions.HasCall("AddHandlers") || mentions.LooksForHandlers)
                return;
        }

        context.ReportDiagnostic(Diagnostic.Create(
            Descriptors.HandlerNotRegistered,
            type.Locations[0],
            ImmutableDictionary<string, string?>.Empty.Add(ChannelProperty, channel.GetDocumentationCommentId()),
            type.Name,
            channel.Name));
    }
}
