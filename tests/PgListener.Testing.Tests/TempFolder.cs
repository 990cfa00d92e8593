namespace PgListener.Testing.Tests;

/// <summary>A temp folder of one test's own, which every user may use, as the real one.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder()
    {
        Path = Directory.CreateTempSubdirectory("pglistener-tests-").FullName;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Path, (UnixFileMode)0b111_111_111);
    }

    public string Path { get; }

    public static implicit operator string(TempFolder folder) => folder.Path;

    /// <summary>Makes files that look like a server's programs.</summary>
    public string AddBinaries(string folder)
    {
        var path = System.IO.Path.Combine(Path, folder);
        Directory.CreateDirectory(path);
        foreach (var name in new[] { "initdb", "pg_ctl", "postgres" })
            File.WriteAllText(System.IO.Path.Combine(path, OperatingSystem.IsWindows() ? name + ".exe" : name), "");
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
