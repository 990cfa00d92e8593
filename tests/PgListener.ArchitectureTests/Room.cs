using System.Text.RegularExpressions;
using PgListener.UnitTests.Configuration;

namespace PgListener.ArchitectureTests;

/// <summary>A folder of Core. What lies in it is told by the files, since public types are all of the namespace PgListener.</summary>
internal static partial class Room
{
    /// <summary>What a user names, in no folder: the faces, and the vocabulary that all rooms share.</summary>
    public const string Root = "(root)";

    /// <summary>The room of each type of Core that a file declares, by its full name.</summary>
    public static IReadOnlyDictionary<string, string> OfTypes { get; } = Read();

    private static Dictionary<string, string> Read()
    {
        var rooms = new Dictionary<string, string>(StringComparer.Ordinal);
        var core = Repository.PathOf("src/PgListener.Core");
        foreach (var file in Directory.EnumerateFiles(core, "*.cs", SearchOption.AllDirectories))
        {
            var folders = Path.GetRelativePath(core, file).Split(Path.DirectorySeparatorChar)[..^1];
            if (folders is ["bin" or "obj", ..])
                continue;

            var text = File.ReadAllText(file);
            var prefix = Namespace().Match(text).Groups["name"].Value;
            foreach (Match declaration in Declaration().Matches(text))
                rooms[$"{prefix}.{declaration.Groups["name"].Value}"] = folders is [var room, ..] ? room : Root;
        }

        return rooms;
    }

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Namespace();

    /// <summary>A type at the left margin; what is nested belongs to the type around it.</summary>
    [GeneratedRegex(
        @"^((public|internal|sealed|static|abstract|readonly|partial|file|ref) )*(class|interface|enum|record struct|record|struct|delegate [\w<>?.]+) (?<name>\w+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Declaration();
}
