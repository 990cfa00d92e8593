using PgListener.TestServer;

namespace PgListener.Packaging.Tests;

/// <summary>The documents for people: those of the repository and those shown on the packages' pages.</summary>
internal static class Documents
{
    /// <summary>Their paths from the root, with slashes.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. Directory.GetFiles(ChildProcess.RepositoryRoot, "*.md")
            .Concat(Directory.GetFiles(Path.Combine(ChildProcess.RepositoryRoot, "docs"), "*.md", SearchOption.AllDirectories))
            .Concat(Directory.GetDirectories(Path.Combine(ChildProcess.RepositoryRoot, "src")).Select(folder => Path.Combine(folder, "README.md")).Where(File.Exists))
            .Select(path => Path.GetRelativePath(ChildProcess.RepositoryRoot, path).Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Whether a document is shown outside the repository, where no relative link works.</summary>
    public static bool IsOfPackage(string document) => document.StartsWith("src/", StringComparison.Ordinal);

    public static string[] ReadLines(string document) => File.ReadAllLines(Path.Combine(ChildProcess.RepositoryRoot, document));

    /// <summary>The fenced blocks, in their order.</summary>
    public static IEnumerable<Fence> Fences(string document)
    {
        var lines = ReadLines(document);
        for (var i = 0; i < lines.Length; i++)
        {
            var opening = lines[i].TrimStart();
            if (!opening.StartsWith("```", StringComparison.Ordinal))
                continue;

            var indent = lines[i].Length - opening.Length;
            var end = Array.FindIndex(lines, i + 1, line => line.Trim() == "```");
            Assert.True(end > 0, $"{document}({i + 1}): the block does not end.");
            var text = lines[(i + 1)..end].Select(line => line.Length >= indent ? line[indent..] : line);
            yield return new(document, i + 2, opening[3..].Trim(), string.Join('\n', text));
            i = end;
        }
    }
}
