using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using PgListener.Analyzers.Generation;

namespace PgListener.Analyzers.Tests;

/// <summary>Makes projects of texts, and compiles them with the generators that an application has.</summary>
internal static class Code
{
    public static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Latest, DocumentationMode.Diagnose);

    public static readonly MetadataReference[] References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    // What an application of the web SDK imports, and what everybody who uses the library does.
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.Extensions.DependencyInjection;
        """;

    private static readonly ISourceGenerator[] Generators = [new AddHandlersGenerator().AsSourceGenerator(), .. JsonGenerators()];

    // What is compiled grows out of this one, so that the references are bound once.
    private static readonly Project Empty = new AdhocWorkspace().AddProject("App", LanguageNames.CSharp)
        .WithParseOptions(ParseOptions)
        .WithCompilationOptions(new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable))
        .WithMetadataReferences(References)
        .AddDocument("Usings.cs", Usings, filePath: "Usings.cs").Project;

    /// <summary>A project with one file, or several, which are called <c>File0.cs</c> and so on.</summary>
    public static Project Project(OutputKind kind, params string[] sources)
    {
        var project = Empty.WithCompilationOptions(Empty.CompilationOptions!.WithOutputKind(kind));
        foreach (var (index, source) in sources.Index())
            project = project.AddDocument($"File{index}.cs", source, filePath: $"File{index}.cs").Project;
        return project;
    }

    /// <summary>A program if it has statements at its top, else a library.</summary>
    public static Project Project(params string[] sources)
        => Project(
            sources.Any(source => CSharpSyntaxTree.ParseText(source, ParseOptions, cancellationToken: TestContext.Current.CancellationToken).GetCompilationUnitRoot(TestContext.Current.CancellationToken).Members.Any(member => member.IsKind(SyntaxKind.GlobalStatement))) ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
            sources);

    /// <summary>Compiles with the generators. The tests' code has to compile, before a fix and after it.</summary>
    public static async Task<Compilation> CompileAsync(Project project, CancellationToken cancellationToken)
    {
        _ = await Empty.GetCompilationAsync(cancellationToken);
        var compilation = (await project.GetCompilationAsync(cancellationToken))!;
        CSharpGeneratorDriver.Create(Generators, parseOptions: ParseOptions).RunGeneratorsAndUpdateCompilation(compilation, out compilation, out _, cancellationToken);
        var problems = compilation.GetDiagnostics(cancellationToken).Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning && diagnostic.Id is not "CS1998" and not "CS1591");
        Assert.Equal("", string.Join(Environment.NewLine, problems));
        return compilation;
    }

    private static ImmutableArray<ISourceGenerator> JsonGenerators()
    {
        var path = typeof(Code).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "JsonGenerator").Value!;
        return new AnalyzerFileReference(path, Loader.Instance).GetGenerators(LanguageNames.CSharp);
    }

    private sealed class Loader : IAnalyzerAssemblyLoader
    {
        public static readonly Loader Instance = new();

        public void AddDependencyLocation(string fullPath)
        {
        }

        public Assembly LoadFromPath(string fullPath) => AssemblyLoadContext.Default.LoadFromAssemblyPath(fullPath);
    }
}
