namespace PgListener.Bench;

/// <summary>The folders of the repository that the program stands in.</summary>
internal static class Repository
{
    /// <summary>The folder <c>bench</c>; below the current folder if the program does not stand in the repository.</summary>
    public static string Bench { get; } = Find();

    /// <summary>Where results are kept, and what is built for a run.</summary>
    public static string Results { get; } = Path.Combine(Bench, "results");

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "PgListener.sln")))
            folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? Environment.CurrentDirectory, "bench");
    }
}
