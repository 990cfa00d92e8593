using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace PgListener.Analyzers.Rules;

/// <summary>PGL005. It reads the project's properties, which CompilerVisibleProperty in the package's props makes visible.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
internal sealed class JsonTypeInfoAnalyzer : DiagnosticAnalyzer
{
    private static readonly (string Property, string Value)[] Settings =
    [
        ("PublishAot", "true"), ("PublishTrimmed", "true"), ("IsAotCompatible", "true"), ("IsTrimmable", "true"), ("JsonSerializerIsReflectionEnabledByDefault", "false"),
    ];

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Descriptors.JsonTypeInfoMissing];

    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            if (SettingIn(start.Options.AnalyzerConfigOptionsProvider.GlobalOptions) is { } setting
                && start.Compilation.GetTypeByMetadataName("PgListener.IJsonNotificationChannel`1")?.GetMembers("JsonTypeInfo").FirstOrDefault() is { } typeInfo)
            {
                start.RegisterSymbolAction(symbol => Analyze(symbol, typeInfo, setting), SymbolKind.NamedType);
            }
        });
    }

    private static string? SettingIn(AnalyzerConfigOptions options)
    {
        // A project that enables reflection explicitly is not reported.
        if (Is(options, "JsonSerializerIsReflectionEnabledByDefault", "true"))
            return null;

        foreach (var (property, value) in Settings)
        {
            if (Is(options, property, value))
                return $"{property}={value}";
        }

        return null;
    }

    private static bool Is(AnalyzerConfigOptions options, string property, string value)
        => options.TryGetValue($"build_property.{property}", out var set) && string.Equals(set, value, StringComparison.OrdinalIgnoreCase);

    private static void Analyze(SymbolAnalysisContext context, ISymbol typeInfo, string setting)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        foreach (var implemented in type.AllInterfaces)
        {
            // Only the type that is its own channel. A base type that is a channel is analysed separately.
            if (!SymbolEqualityComparer.Default.Equals(implemented.OriginalDefinition, typeInfo.ContainingType)
                || !SymbolEqualityComparer.Default.Equals(implemented.TypeArguments[0], type))
            {
                continue;
            }

            var member = implemented.GetMembers(typeInfo.Name)[0];
            var implementation = type.FindImplementationForInterfaceMember(member);
            if (implementation is null || SymbolEqualityComparer.Default.Equals(implementation, member))
                context.ReportDiagnostic(Diagnostic.Create(Descriptors.JsonTypeInfoMissing, type.Locations[0], type.Name, setting));
        }
    }
}
