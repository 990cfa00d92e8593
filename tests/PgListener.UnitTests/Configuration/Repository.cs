namespace PgListener.UnitTests.Configuration;

/// <summary>Files of the repository that are compared with the code.</summary>
internal static class Repository
{
    public static string PathOf(string file)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "PgListener.sln")))
                return Path.Combine(folder.FullName, file);
        }

        throw new InvalidOperationException("The tests are not run from inside the repository.");
    }
}
