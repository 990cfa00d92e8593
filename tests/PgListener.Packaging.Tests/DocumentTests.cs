using System.Text.Json;
using System.Text.RegularExpressions;
using PgListener.TestServer;

namespace PgListener.Packaging.Tests;

/// <summary>What the documents say is true as far as a machine can tell: code compiles, JSON can be read, links lead somewhere.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> All => [.. Documents.All];

    public static TheoryData<string> WithCode => [.. Documents.All.Where(document => Documents.Fences(document).Any(fence => fence.Language == "csharp"))];

    [Theory]
    [MemberData(nameof(WithCode))]
    public async Task Code_compiles(string document)
    {
        var problems = new List<string>();
        foreach (var fence in Documents.Fences(document).Where(fence => fence.Info == "csharp"))
            problems.AddRange(await SnippetCompiler.CompileAsync(fence, TestContext.Current.CancellationToken));
        Assert.Equal("", string.Join(Environment.NewLine, problems));
    }

    [Fact]
    public void Code_that_need_not_compile_is_rare()
        => Assert.InRange(Documents.All.SelectMany(Documents.Fences).Count(fence => fence.Language == "csharp" && fence.Info != "csharp"), 0, 3);

    [Theory]
    [MemberData(nameof(All))]
    public void Json_can_be_read(string document)
    {
        foreach (var fence in Documents.Fences(document).Where(fence => fence.Language is "json" or "jsonc"))
        {
            using var json = JsonDocument.Parse(fence.Text, new() { CommentHandling = fence.Language == "jsonc" ? JsonCommentHandling.Skip : JsonCommentHandling.Disallow });
            Assert.Equal(JsonValueKind.Object, json.RootElement.ValueKind);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Links_lead_somewhere(string document)
    {
        var folder = Path.GetDirectoryName(Path.Combine(ChildProcess.RepositoryRoot, document))!;
        foreach (var target in Prose(document).SelectMany(line => Link().Matches(line)).Select(link => link.Groups["target"].Value))
        {
            if (Uri.TryCreate(target, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
                continue;

            Assert.False(Documents.IsOfPackage(document), $"{document}: '{target}' leads nowhere on a package's page.");
            var parts = target.Split('#');
            var path = parts[0].Length == 0 ? Path.Combine(ChildProcess.RepositoryRoot, document) : Path.GetFullPath(Path.Combine(folder, parts[0]));
            Assert.True(Path.Exists(path), $"{document}: there is no '{target}'.");
            if (parts.Length > 1)
                Assert.True(Anchors(path).Contains(parts[1]), $"{document}: there is no heading for '{target}'.");
        }
    }

    /// <summary>The lines that are not code.</summary>
    private static IEnumerable<string> Prose(string document)
    {
        var isCode = false;
        foreach (var line in Documents.ReadLines(document))
        {
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
                isCode = !isCode;
            else if (!isCode)
                yield return InlineCode().Replace(line, "");
        }
    }

    /// <summary>What headings are called in a link: lower case, hyphens for spaces, without punctuation.</summary>
    private static HashSet<string> Anchors(string path)
        => [.. File.ReadLines(path).Where(line => line.StartsWith('#'))
            .Select(line => NotInAnchor().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]*`", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"[^\w\- ]", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NotInAnchor();
}
