using System.Reflection;

namespace PgListener.Analyzers;

/// <summary>The address of a rule's page, in the repository from which the analyzers were built.</summary>
internal static class HelpLink
{
    // The SDK takes it from git's remote. A build without a remote knows only the path of the page in the repository.
    private static readonly string? Repository = typeof(HelpLink).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .FirstOrDefault(attribute => attribute.Key == "RepositoryUrl")?.Value;

    public static string For(string id) => For(id, Repository);

    public static string For(string id, string? repository)
    {
        var page = $"docs/analyzers/{id}.md";
        if (string.IsNullOrEmpty(repository))
            return page;

        var root = repository!.TrimEnd('/');
        root = root.EndsWith(".git", StringComparison.Ordinal) ? root.Substring(0, root.Length - ".git".Length) : root;
        return $"{root}/blob/HEAD/{page}";
    }
}
