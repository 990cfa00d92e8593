using System.Globalization;
using System.Text.RegularExpressions;

namespace PgListener.Testing;

/// <summary>A folder with the three programs we need.</summary>
internal sealed record ServerBinaries(string Folder)
{
    public string InitDb => ProgramIn(Folder, "initdb");

    public string PgCtl => ProgramIn(Folder, "pg_ctl");

    public string Postgres => ProgramIn(Folder, "postgres");

    /// <summary>Returns the folder's programs, or null when one is missing.</summary>
    public static ServerBinaries? In(string folder)
    {
        var binaries = new ServerBinaries(Path.GetFullPath(folder));
        return Machine.IsProgram(binaries.InitDb) && Machine.IsProgram(binaries.PgCtl) && Machine.IsProgram(binaries.Postgres) ? binaries : null;
    }

    /// <summary>Returns the programs of a folder that was named explicitly.</summary>
    public static ServerBinaries Required(string folder, string namedBy) =>
        In(folder) ?? throw new EphemeralPostgresException(
            $"{namedBy} names {folder}, which does not hold initdb, pg_ctl and postgres, or not as programs that this user may run.");

    /// <summary>Looks on the PATH, then where installers put PostgreSQL, there the newest version first.</summary>
    public static ServerBinaries? FindInstalled(Machine machine) =>
        machine.SearchPath.Where(Path.IsPathFullyQualified).SelectMany(FoldersBehind)
            .Concat(machine.InstallFolders.SelectMany(Expand))
            .Select(In)
            .FirstOrDefault(found => found is not null);

    // A program on the PATH may be a link into the folder that holds the others.
    private static IEnumerable<string> FoldersBehind(string folder)
    {
        var program = ProgramIn(folder, "initdb");
        if (!Machine.IsProgram(program))
            return [];
        return new FileInfo(program).ResolveLinkTarget(returnFinalTarget: true) is FileInfo { DirectoryName: { } target } ? [target, folder] : [folder];
    }

    private static IEnumerable<string> Expand(string pattern)
    {
        var segments = pattern.Split('/', '\\');
        var star = Array.FindIndex(segments, segment => segment.Contains('*', StringComparison.Ordinal));
        if (star < 0)
            return [pattern];

        var parent = string.Join(Path.DirectorySeparatorChar, segments[..star]);
        if (!Directory.Exists(parent))
            return [];
        var rest = Path.Combine(segments[(star + 1)..]);
        return FoldersIn(parent, segments[star])
            .OrderByDescending(folder => MajorVersion(Path.GetFileName(folder)))
            .Select(folder => Path.Combine(folder, rest));
    }

    private static string[] FoldersIn(string parent, string pattern)
    {
        try
        {
            return Directory.GetDirectories(parent, pattern);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that this user may not look into holds nothing for them.
            return [];
        }
    }

    private static int MajorVersion(string folderName) =>
        int.TryParse(Regex.Match(folderName, "[0-9]+", RegexOptions.None, TimeSpan.FromSeconds(1)).Value, CultureInfo.InvariantCulture, out var version)
            ? version
            : 0;

    private static string ProgramIn(string folder, string name) =>
        Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name);
}
