namespace PgListener.Testing;

/// <summary>The facts about this machine that determine where a server is taken from and where its data is kept.</summary>
/// <param name="SearchPath">The folders of <c>PATH</c>.</param>
/// <param name="BinariesFolder">The value of <c>PGLISTENER_PG_BIN</c>.</param>
/// <param name="InstallFolders">Where installers put PostgreSQL; <c>*</c> stands for the part that holds the version.</param>
/// <param name="CacheFolder">Where downloads are kept from one run to the next; <see langword="null"/> where this user has no such place.</param>
/// <param name="TempFolder">Where data folders are made.</param>
internal sealed record Machine(
    IReadOnlyList<string> SearchPath,
    string? BinariesFolder,
    IReadOnlyList<string> InstallFolders,
    string? CacheFolder,
    string TempFolder)
{
    public const string BinariesFolderVariable = "PGLISTENER_PG_BIN";
    public const string SourcesVariable = "PGLISTENER_PG_SOURCES";

    /// <summary>Gets the value of <c>PGLISTENER_PG_SOURCES</c>.</summary>
    public string? Sources { get; init; }

    /// <summary>Gets the value of <c>DOCKER_HOST</c>.</summary>
    public string? DockerHost { get; init; }

    public static Machine Current => new(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
        Variable(BinariesFolderVariable),
        UsualInstallFolders(),
        UserCacheFolder() is { } cache ? Path.Combine(cache, "pglistener") : null,
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.GetTempPath())))
    {
        Sources = Variable(SourcesVariable),
        DockerHost = Variable("DOCKER_HOST"),
    };

    /// <summary>Returns the full path of a program on the <c>PATH</c>, or null. Entries that are no folder of their own, such as <c>.</c>, are not looked at.</summary>
    public string? FindProgram(string name)
    {
        string[] fileNames = OperatingSystem.IsWindows() ? [$"{name}.exe", $"{name}.cmd"] : [name];
        return SearchPath.Where(Path.IsPathFullyQualified)
            .SelectMany(folder => fileNames.Select(file => Path.Combine(folder, file)))
            .FirstOrDefault(IsProgram);
    }

    /// <summary>Tells whether there is a program that can be run. A broken link, a folder, or a file without the permission is not one.</summary>
    public static bool IsProgram(string path) =>
        OperatingSystem.IsWindows() ? File.Exists(path) : !Directory.Exists(path) && Unix.MayRunOrEnter(path);

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

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

    // Null rather than a folder with a predictable name in a place where every user may create one.
    private static string? UserCacheFolder()
    {
        // Root starts the server as another user, who cannot look into root's home.
        if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess)
            return "/var/cache";
        if (OperatingSystem.IsLinux() && Variable("XDG_CACHE_HOME") is { } cache && Path.IsPathFullyQualified(cache))
            return cache;
        var home = Environment.GetFolderPath(OperatingSystem.IsLinux() ? Environment.SpecialFolder.UserProfile : Environment.SpecialFolder.LocalApplicationData);
        if (home.Length == 0)
            return null;
        return OperatingSystem.IsLinux() ? Path.Combine(home, ".cache") : home;
    }
}
