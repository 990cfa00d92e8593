namespace PgListener.Testing;

/// <summary>Finds the folder that denies a user access to a path, because the system reports only that there is one.</summary>
internal static class ClosedFolder
{
    /// <summary>Returns the first folder from the top that the user may not enter, or null when all are open.</summary>
    public static async Task<string?> OnTheWayToAsync(string folder, ServerUser? user, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
            return null;
        foreach (var one in FromTheTop(folder))
        {
            if (!await MayEnterAsync(one, user, cancellationToken).ConfigureAwait(false))
                return one;
        }

        return null;
    }

    /// <summary>Returns a sentence that names the closed folder and who cannot enter it, or what was found instead.</summary>
    public static async Task<string> DescribeAsync(string folder, ServerUser? user, CancellationToken cancellationToken)
    {
        var who = user?.Name ?? Environment.UserName;
        return await OnTheWayToAsync(folder, user, cancellationToken).ConfigureAwait(false) is { } closed
            ? $"The folder {closed} cannot be entered by user {who}. Open it, or set TMPDIR to a folder that every user can enter."
            : $"User {who} can enter {folder} now; a moment ago that was denied.";
    }

    private static async Task<bool> MayEnterAsync(string folder, ServerUser? user, CancellationToken cancellationToken)
    {
        if (user is null)
            return OperatingSystem.IsWindows() || !Directory.Exists(folder) || Unix.MayRunOrEnter(folder);

        try
        {
            await Command.RunAsync("test", ["-x", folder], Command.ShortLimit, cancellationToken, user).ConfigureAwait(false);
            return true;
        }
        catch (EphemeralPostgresException e) when (e.ExitCode == 1)
        {
            return !Directory.Exists(folder);
        }
    }

    private static List<string> FromTheTop(string folder)
    {
        List<string> folders = [];
        for (var one = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)); one is not null; one = Path.GetDirectoryName(one))
            folders.Insert(0, one);
        return folders;
    }
}
