namespace PgListener.Testing;

/// <summary>PostgreSQL refuses to run as root: for root, the user to run it as.</summary>
internal static class UnprivilegedUser
{
    private static readonly string[] Candidates = ["postgres", "nobody"];

    /// <summary>Returns the user the server must run as, or null for the user we are.</summary>
    public static async Task<string?> FindAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
            return null;

        foreach (var name in Candidates)
        {
            try
            {
                await Command.RunAsync("id", ["-u", name], Command.ShortLimit, cancellationToken).ConfigureAwait(false);
                return name;
            }
            catch (EphemeralPostgresException)
            {
                // This is how `id` says that there is no such user.
            }
        }

        throw new EphemeralPostgresException(
            $"PostgreSQL refuses to run as root, and there is no user to run it as. Looked for: {string.Join(", ", Candidates)}.");
    }
}
