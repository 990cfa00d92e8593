using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using PgListener.Analyzers.Generation;

namespace PgListener.Packaging.Tests;

/// <summary>
/// Compiles a block of C# of a document as a program of its own. A name that it does not declare is looked for in the other
/// blocks of the document, the nearest before it first, and then in <c>Surroundings.cs</c>: its types, and the variables of its statements.
/// The rules of the package hold for it, those that only suggest something among them.
/// </summary>
internal static partial class SnippetCompiler
{
    private static readonly CSharpParseOptions Options = new(LanguageVersion.Latest);

    // What is compiled grows out of this one, so that the references are bound once.
    private static readonly CSharpCompilation Empty = CSharpCompilation.Create(
        "Snippet",
        references: ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path)),
        options: new(
            OutputKind.DynamicallyLinkedLibrary,
            nullableContextOptions: NullableContextOptions.Enable,
            // As the SDK does: the provider of Entity Framework Core was built with an earlier version of it.
            specificDiagnosticOptions: new Dictionary<string, ReportDiagnostic> { ["CS1701"] = ReportDiagnostic.Suppress, ["CS1702"] = ReportDiagnostic.Suppress }));

    private static readonly ISourceGenerator[] Generators = [new AddHandlersGenerator().AsSourceGenerator(), .. JsonGenerator()];

    private static readonly ImmutableArray<DiagnosticAnalyzer> Rules =
        [.. typeof(AddHandlersGenerator).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(DiagnosticAnalyzer))).Select(type => (DiagnosticAnalyzer)Activator.CreateInstance(type)!)];

    private static readonly CompilationUnitSyntax Surroundings = Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Surroundings.cs")), "Surroundings.cs", CancellationToken.None);

    private static readonly string GlobalUsings = Surroundings.Usings.ToFullString();

    /// <summary>What is wrong with a block, a line for each; empty when it compiles.</summary>
    public static async Task<IReadOnlyList<string>> CompileAsync(Fence fence, CancellationToken cancellationToken)
    {
        var others = Documents.Fences(fence.Document).Where(other => other.Language == "csharp" && other != fence)
            .OrderByDescending(other => other.Line < fence.Line).ThenBy(other => Math.Abs(other.Line - fence.Line))
            .Select(other => Parse(other.Text, other.Document, cancellationToken)).Append(Surroundings).ToArray();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var variables = new SortedDictionary<int, string>(); // In the order of Surroundings.cs, because some are made from others.
        var types = new List<string>();
        while (true)
        {
            var diagnostics = await DiagnoseAsync(fence, variables, types, cancellationToken);
            var missing = diagnostics.Where(diagnostic => diagnostic.Id is "CS0103" or "CS0246").Select(NameOf).Where(names.Add).ToArray();
            var found = false;
            foreach (var name in missing)
            {
                if (FindVariable(name) is { } variable)
                    variables[variable.Place] = variable.Text;
                else if (others.Select(other => FindType(other, name)).FirstOrDefault(type => type is not null) is { } type)
                    types.Add(type);
                else
                    continue;
                found = true;
            }

            if (!found)
                return [.. diagnostics.Select(Describe)];
        }
    }

    private static async Task<Diagnostic[]> DiagnoseAsync(Fence fence, IReadOnlyDictionary<int, string> variables, List<string> types, CancellationToken cancellationToken)
    {
        var unit = Parse(fence.Text, fence.Document, cancellationToken);
        var afterUsings = unit.Usings.Count == 0 ? 0 : unit.Usings[^1].FullSpan.End;
        var source = $"""
            #line {fence.Line} "{fence.Document}"
            {fence.Text[..afterUsings]}
            #line 1 "Surroundings.cs"
            {string.Join('\n', variables.Values)}
            #line {fence.Line + fence.Text.AsSpan(0, afterUsings).Count('\n')} "{fence.Document}"
            {fence.Text[afterUsings..]}
            """;
        var isProgram = variables.Count > 0 || unit.Members.OfType<GlobalStatementSyntax>().Any();
        Compilation compilation = Empty.WithOptions(Empty.Options.WithOutputKind(isProgram ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary))
            .AddSyntaxTrees(types.Prepend(source).Append(GlobalUsings).Select(text => CSharpSyntaxTree.ParseText(text, Options, cancellationToken: cancellationToken)));
        CSharpGeneratorDriver.Create(Generators).WithUpdatedParseOptions(Options)
            .RunGeneratorsAndUpdateCompilation(compilation, out compilation, out _, cancellationToken);
        var problems = compilation.GetDiagnostics(cancellationToken).Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning).ToArray();
        return problems.Length > 0 ? problems : [.. await compilation.WithAnalyzers(Rules).GetAnalyzerDiagnosticsAsync(cancellationToken)];
    }

    private static CompilationUnitSyntax Parse(string text, string path, CancellationToken cancellationToken = default)
        => CSharpSyntaxTree.ParseText(text, Options, path, cancellationToken: cancellationToken).GetCompilationUnitRoot(cancellationToken);

    private static string NameOf(Diagnostic diagnostic) => Quoted().Match(diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture)).Groups["name"].Value;

    private static (int Place, string Text)? FindVariable(string name)
        => Surroundings.Members.OfType<GlobalStatementSyntax>().Select(statement => statement.Statement).OfType<LocalDeclarationStatementSyntax>()
            .FirstOrDefault(statement => statement.Declaration.Variables.Any(variable => variable.Identifier.Text == name)) is { } found
            ? (found.SpanStart, found.ToFullString().Trim())
            : null;

    /// <summary>The source of a type, with the usings of where it stands.</summary>
    private static string? FindType(CompilationUnitSyntax unit, string name)
        => unit.Members.FirstOrDefault(member => (member as BaseTypeDeclarationSyntax)?.Identifier.Text == name || (member as DelegateDeclarationSyntax)?.Identifier.Text == name) is { } type
            ? unit.Usings.Where(directive => !directive.GlobalKeyword.IsKind(SyntaxKind.GlobalKeyword)).Aggregate("", (usings, directive) => $"{usings}{directive}\n") + type.ToFullString()
            : null;

    private static string Describe(Diagnostic diagnostic)
    {
        var span = diagnostic.Location.GetMappedLineSpan();
        return $"{span.Path}({span.StartLinePosition.Line + 1}): {diagnostic.Id} {diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}";
    }

    private static ISourceGenerator[] JsonGenerator()
    {
        var path = typeof(SnippetCompiler).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "JsonGenerator").Value!;
        return [.. new AnalyzerFileReference(path, Loader.Instance).GetGenerators(LanguageNames.CSharp)];
    }

    [GeneratedRegex("'(?<name>[A-Za-z_]+)[<']", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Quoted();

    private sealed class Loader : IAnalyzerAssemblyLoader
    {
        public static readonly Loader Instance = new();

        public void AddDependencyLocation(string fullPath)
        {
        }

        public Assembly LoadFromPath(string fullPath) => AssemblyLoadContext.Default.LoadFromAssemblyPath(fullPath);
    }
}
