namespace PgListener.Testing.Tests;

/// <summary>A temp folder of one test's own, which every user may use, as the real one.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder()
    {
        Path = Directory.CreateTempSubdirectory("pglistener-tests-").FullName;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Path, (UnixFileMode)0b1_111_111_111);
    }

    public string Path { get; }

    public static implicit operator string(TempFolder folder) => folder.Path;

    /// <summary>Makes files that look like a server's programs.</summary>
    public string AddBinaries(string folder)
    {
        var path = System.IO.Path.Combine(Path, folder);
        Directory.CreateDirectory(path);
        foreach (var name in new[] { "initdb", "pg_ctl", "postgres" })
            AddProgram(path, OperatingSystem.IsWindows() ? name + ".exe" : name);
        return path;
    }

    /// <summary>Makes a program out of a shell script.</summary>
    public static string AddProgram(string folder, string name, string script = "exit 1")
    {
        var path = System.IO.Path.Combine(folder, name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
