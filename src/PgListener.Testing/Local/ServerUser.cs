using System.Globalization;

namespace PgListener.Testing;

/// <summary>PostgreSQL refuses to run as root: for root, the user to run it as.</summary>
internal sealed record ServerUser(string Name, uint UserId, uint GroupId)
{
    private static readonly string[] Candidates = ["postgres", "nobody"];
    private static ServerUser? _found;

    /// <summary>Returns the user the server must run as, or null for the user we are.</summary>
    public static async Task<ServerUser?> FindAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
            return null;
        if (_found is { } found)
            return found;

        foreach (var name in Candidates)
        {
            if (await OfNameAsync(name, cancellationToken).ConfigureAwait(false) is { } user)
                return _found = user;
        }

        throw new EphemeralPostgresException(
            $"PostgreSQL refuses to run as root, and there is no user to run it as. Looked for: {string.Join(", ", Candidates)}.");
    }

    /// <summary>Returns the user of that name, or null when there is none.</summary>
    public static async Task<ServerUser?> OfNameAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var user = await IdAsync("-u").ConfigureAwait(false);
            var group = await IdAsync("-g").ConfigureAwait(false);
            return new(name, user, group);
        }
        catch (EphemeralPostgresException)
        {
            // This is how `id` says that there is no such user.
            return null;
        }

        async Task<uint> IdAsync(string which)
        {
            var printed = await Command.RunAsync("id", [which, name], Command.ShortLimit, cancellationToken).ConfigureAwait(false);
            return uint.Parse(printed.Output, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
        }
    }
}
