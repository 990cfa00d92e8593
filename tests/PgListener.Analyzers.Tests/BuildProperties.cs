using System.Diagnostics.CodeAnalysis;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace PgListener.Analyzers.Tests;

/// <summary>Properties of a project, as MSBuild hands them to analyzers.</summary>
internal sealed class BuildProperties((string Property, string Value)[] properties) : AnalyzerConfigOptionsProvider
{
    public override AnalyzerConfigOptions GlobalOptions { get; } = new Options(properties);

    public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => Options.None;

    public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => Options.None;

    private sealed class Options((string Property, string Value)[] properties) : AnalyzerConfigOptions
    {
        public static readonly Options None = new([]);

        public override bool TryGetValue(string key, [NotNullWhen(true)] out string? value)
        {
            value = properties.Where(property => $"build_property.{property.Property}" == key).Select(property => property.Value).FirstOrDefault();
            return value is not null;
        }
    }
}
