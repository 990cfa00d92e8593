namespace PgListener.Testing;

/// <summary>What of this machine decides where a server is taken from and where its data goes.</summary>
/// <param name="SearchPath">The folders of <c>PATH</c>.</param>
/// <param name="BinariesFolder">The value of <c>PGLISTENER_PG_BIN</c>.</param>
/// <param name="InstallFolders">Where installers put PostgreSQL; <c>*</c> stands for the part that holds the version.</param>
/// <param name="CacheFolder">Where downloads are kept from one run to the next.</param>
/// <param name="TempFolder">Where data folders are made.</param>
internal sealed record Machine(
    IReadOnlyList<string> SearchPath,
    string? BinariesFolder,
    IReadOnlyList<string> InstallFolders,
    string CacheFolder,
    string TempFolder)
{
    public const string BinariesFolderVariable = "PGLISTENER_PG_BIN";

    public static Machine Current => new(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
        Environment.GetEnvironmentVariable(BinariesFolderVariable) is { Length: > 0 } folder ? folder : null,
        UsualInstallFolders(),
        Path.Combine(UserCacheFolder(), "pglistener"),
        Path.GetTempPath());

    /// <summary>Returns the full path of a program on the <c>PATH</c>, or null.</summary>
    public string? FindProgram(string name)
    {
        string[] fileNames = OperatingSystem.IsWindows() ? [$"{name}.exe", $"{name}.cmd"] : [name];
        return SearchPath.SelectMany(folder => fileNames.Select(file => Path.Combine(folder, file))).FirstOrDefault(File.Exists);
    }

    private static string[] UsualInstallFolders()
    {
        if (OperatingSystem.IsWindows())
            return [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL", "*", "bin")];

        return
        [
            "/usr/lib/postgresql/*/bin",
            "/usr/pgsql-*/bin",
            "/usr/local/pgsql/bin",
            "/opt/homebrew/opt/postgresql@*/bin",
            "/usr/local/opt/postgresql@*/bin",
            "/Applications/Postgres.app/Contents/Versions/*/bin",
        ];
    }

    private static string UserCacheFolder()
    {
        // Root starts the server as another user, who cannot look into root's home.
        if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess)
            return "/var/cache";
        if (OperatingSystem.IsLinux())
        {
            if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache && Path.IsPathRooted(cache))
                return cache;
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            return home.Length > 0 ? Path.Combine(home, ".cache") : Path.Combine(Path.GetTempPath(), Environment.UserName);
        }

        return Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
    }
}
