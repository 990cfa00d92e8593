using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.Diagnostics;
using PgListener.Analyzers.Rules;

namespace PgListener.Analyzers.Tests;

/// <summary>Runs all rules at once: what one finds, no other may find too. A line with a mistake ends with <c>// PGL…</c>.</summary>
internal static partial class Rules
{
    public static readonly ImmutableArray<DiagnosticAnalyzer> Analyzers =
    [
        new HandlerNotRegisteredAnalyzer(), new ChannelNameAnalyzer(), new CancellationAnalyzer(), new NotifyTextAnalyzer(), new JsonTypeInfoAnalyzer(), new AsyncVoidAnalyzer(),
    ];

    public static readonly CodeFixProvider[] Fixes = [new RegisterHandlerFix(), new ChannelNameFix(), new CancellationFix(), new NotifyTextFix(), new JsonTypeInfoFix()];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Asserts that the rules find the marked lines and no others.</summary>
    public static async Task AssertFindsAsync(Project project, params (string Property, string Value)[] settings)
    {
        var marked = new List<string>();
        foreach (var document in project.Documents)
        {
            var text = await document.GetTextAsync(Cancellation);
            marked.AddRange(text.Lines.SelectMany(line => Mark().Matches(line.ToString()).Select(match => $"{document.Name}({line.LineNumber + 1}): {match.Groups["id"]}")));
        }

        var found = (await FindAsync(project, settings)).Select(diagnostic =>
        {
            var span = diagnostic.Location.GetLineSpan();
            return $"{span.Path}({span.StartLinePosition.Line + 1}): {diagnostic.Id}";
        });
        Assert.Equal(marked.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    /// <summary>Asserts that the first diagnostic's fix makes this of the first file.</summary>
    /// <param name="project">The project.</param>
    /// <param name="expected">The file's text after it; <see langword="null"/> if no fix is offered.</param>
    /// <param name="key">Which fix, if there are several.</param>
    /// <param name="settings">The project's properties.</param>
    public static async Task AssertFixesAsync(Project project, string? expected, string? key = null, params (string Property, string Value)[] settings)
    {
        var diagnostics = await FindAsync(project, settings);
        Assert.NotEmpty(diagnostics);
        var action = (await ActionsAsync(project, diagnostics[0])).FirstOrDefault(action => key is null || action.EquivalenceKey == key);
        if (expected is null)
        {
            Assert.Null(action);
            return;
        }

        Assert.NotNull(action);
        var changed = await ApplyAsync(project, action);
        var text = await changed.Documents.First(document => document.Name == "File0.cs").GetTextAsync(Cancellation);
        Assert.Equal(expected, text.ToString());
        await Code.CompileAsync(changed, Cancellation);
    }

    /// <summary>Fixes one diagnostic after the other, until no rule finds anything.</summary>
    public static async Task<Project> FixAllAsync(Project project, params (string Property, string Value)[] settings)
    {
        for (var left = 100; left > 0; left--)
        {
            var diagnostics = await FindAsync(project, settings);
            if (diagnostics.Length == 0)
                return project;

            var actions = await ActionsAsync(project, diagnostics[0]);
            Assert.True(actions.Count > 0, $"No fix for {diagnostics[0]}");
            project = await ApplyAsync(project, actions[0]);
        }

        throw new InvalidOperationException("There is no end to it.");
    }

    public static async Task<ImmutableArray<Diagnostic>> FindAsync(Project project, params (string Property, string Value)[] settings)
    {
        var compilation = await Code.CompileAsync(project, Cancellation);
        var failures = new List<string>();
        var options = new CompilationWithAnalyzersOptions(
            new AnalyzerOptions([], new BuildProperties(settings)),
            onAnalyzerException: (exception, _, _) => failures.Add(exception.ToString()),
            concurrentAnalysis: true,
            logAnalyzerExecutionTime: false);
        var diagnostics = await compilation.WithAnalyzers(Analyzers, options).GetAnalyzerDiagnosticsAsync(Cancellation);
        Assert.Equal([], failures);
        return [.. diagnostics.OrderBy(diagnostic => diagnostic.Location.SourceTree!.FilePath, StringComparer.Ordinal).ThenBy(diagnostic => diagnostic.Location.SourceSpan.Start)];
    }

    private static async Task<List<CodeAction>> ActionsAsync(Project project, Diagnostic diagnostic)
    {
        var actions = new List<CodeAction>();
        var document = project.Documents.Single(document => document.FilePath == diagnostic.Location.SourceTree!.FilePath);
        foreach (var fix in Fixes.Where(fix => fix.FixableDiagnosticIds.Contains(diagnostic.Id)))
            await fix.RegisterCodeFixesAsync(new(document, diagnostic, (action, _) => actions.Add(action), Cancellation));
        return actions;
    }

    private static async Task<Project> ApplyAsync(Project project, CodeAction action)
    {
        var operations = await action.GetOperationsAsync(Cancellation);
        return operations.OfType<ApplyChangesOperation>().Single().ChangedSolution.GetProject(project.Id)!;
    }

    [GeneratedRegex("// (?<id>PGL[0-9]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Mark();
}
