using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace PgListener.Analyzers.Rules;

/// <summary>PGL002 and PGL006: constants that are passed as a channel's name, and the names of channel types.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
internal sealed class ChannelNameAnalyzer : DiagnosticAnalyzer
{
    /// <summary>The diagnostic's property with the name that the code fix writes.</summary>
    public const string BetterNameProperty = "BetterName";

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Descriptors.InvalidChannelName, Descriptors.ChannelNameNeedsQuotes];

    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            if (start.Compilation.GetTypeByMetadataName("PgListener.INotificationChannel`1")?.GetMembers("ChannelName").FirstOrDefault() is not IPropertySymbol channelName)
                return;

            start.RegisterOperationAction(static argument => AnalyzeArgument(argument), OperationKind.Argument);
            start.RegisterOperationAction(
                operation => AnalyzeProperty(operation, ((IReturnOperation)operation.Operation).ReturnedValue, (operation.ContainingSymbol as IMethodSymbol)?.AssociatedSymbol, channelName),
                OperationKind.Return);
            start.RegisterOperationAction(
                operation => AnalyzeProperty(operation, ((IPropertyInitializerOperation)operation.Operation).Value, operation.ContainingSymbol, channelName),
                OperationKind.PropertyInitializer);
        });
    }

    private static void AnalyzeArgument(OperationAnalysisContext context)
    {
        var argument = (IArgumentOperation)context.Operation;
        if (argument.Parameter is { Name: "channel" or "channelName", Type.SpecialType: SpecialType.System_String } parameter && PgListenerApi.Declares(parameter.ContainingSymbol))
            Analyze(context, argument.Value, type: null);
    }

    private static void AnalyzeProperty(OperationAnalysisContext context, IOperation? value, ISymbol? property, IPropertySymbol channelName)
    {
        if (value is not null && property is IPropertySymbol { IsStatic: true } symbol && Implements(symbol, channelName))
            Analyze(context, value, symbol.ContainingType);
    }

    private static bool Implements(IPropertySymbol property, IPropertySymbol channelName)
        => property.Type.SpecialType == SpecialType.System_String
            && property.ContainingType.AllInterfaces
                .Where(implemented => SymbolEqualityComparer.Default.Equals(implemented.OriginalDefinition, channelName.ContainingType))
                .Any(implemented => SymbolEqualityComparer.Default.Equals(property.ContainingType.FindImplementationForInterfaceMember(implemented.GetMembers(channelName.Name)[0]), property));

    private static void Analyze(OperationAnalysisContext context, IOperation value, INamedTypeSymbol? type)
    {
        if (value.ConstantValue is not { HasValue: true, Value: string name })
            return;

        if (ChannelNames.Problem(name) is { } problem)
            Report(context, value, Descriptors.InvalidChannelName, ChannelNames.Valid(name) ?? (type is null ? null : ChannelNames.SnakeCase(type.Name)), problem);
        else if (ChannelNames.WithoutQuotes(name) is { } meaning)
            Report(context, value, Descriptors.ChannelNameNeedsQuotes, ChannelNames.SnakeCase(name), name, meaning);
    }

    private static void Report(OperationAnalysisContext context, IOperation value, DiagnosticDescriptor rule, string? betterName, params object[] arguments)
        => context.ReportDiagnostic(Diagnostic.Create(
            rule, value.Syntax.GetLocation(), ImmutableDictionary<string, string?>.Empty.Add(BetterNameProperty, betterName), arguments));
}
