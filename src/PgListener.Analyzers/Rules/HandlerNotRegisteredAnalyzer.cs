using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using PgListener.Analyzers.Generation;

namespace PgListener.Analyzers.Rules;

/// <summary>
/// PGL001. In applications only: a library's handlers are registered by who uses it. It asks the other files as soon as it sees a handler, and not
/// at the end of the compilation, since what is only known then can be fixed in no editor.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
internal sealed class HandlerNotRegisteredAnalyzer : DiagnosticAnalyzer
{
    /// <summary>Under this name the diagnostic carries the channel's type, as documentation ids write it.</summary>
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
                continue; // It names all of them, whether it is called or not.

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
